#include "server/registry/media_types.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace shale::registry {
namespace {

constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";

constexpr std::array<std::pair<std::string_view, Shape>, 6> kKnown = {{
    {"application/vnd.oci.image.manifest.v1+json", Shape::kImage},
    {kDockerManifest, Shape::kImage},
    {"application/vnd.oci.image.index.v1+json", Shape::kIndex},
    {kDockerList, Shape::kIndex},
    {"application/vnd.docker.distribution.manifest.v1+json", Shape::kSchema1},
    {"application/vnd.docker.distribution.manifest.v1+prettyjws", Shape::kSchema1},
}};

/// A restricted-name of RFC 6838, section 4.2, in lower case.
bool is_restricted_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  constexpr std::size_t kMost = 127;
  return !name.empty() && name.size() <= kMost && alphanumeric(name.front()) &&
         std::ranges::all_of(name, [&](char c) {
           return alphanumeric(c) ||
                  std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
         });
}

}  // namespace

Shape shape_of(std::string_view media_type) {
  const auto* const known =
      std::ranges::find(kKnown, media_type, [](auto& row) { return row.first; });
  if (known != kKnown.end()) return known->second;
  const std::size_t slash = media_type.find('/');
  if (slash == std::string_view::npos || !media_type.ends_with("+json")) return Shape::kNone;
  const bool well_formed = is_restricted_name(media_type.substr(0, slash)) &&
                           is_restricted_name(media_type.substr(slash + 1));
  return well_formed ? Shape::kOther : Shape::kNone;
}

bool names_itself(std::string_view media_type) {
  return media_type == kDockerManifest || media_type == kDockerList;
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == "application/vnd.oci.artifact.manifest.v1+json" ||
         std::ranges::find(kKnown, media_type, [](auto& row) { return row.first; }) != kKnown.end();
}

bool is_non_distributable(std::string_view media_type) {
  return media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
         media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}

std::string_view essence(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  const std::size_t first = content_type.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return content_type.substr(first, content_type.find_last_not_of(" \t") + 1 - first);
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

}  // namespace shale::registry
