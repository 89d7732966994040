#include <algorithm>
#include <set>

#include "server/registry/json_tree.h"
#include "server/registry/manifest_parser.h"
#include "server/registry/scan_turn.h"
#include "server/registry/usage_report.h"

namespace shale::registry {

using index::EdgeKind;
using index::RepositoryName;

namespace {

constexpr std::size_t kAtOnce = 1000;
constexpr std::string_view kBaseAnnotation = "org.opencontainers.image.base.digest";

using Layers = std::vector<Digest>;

/// As they stand in the bytes: edges have a layer that stands twice but once. None for what
/// is no image.
Result<Layers> layers_of(const index::StoredManifest& stored) {
  SHALE_TRY_ASSIGN(const json::Value document, json::parse(stored.bytes));
  Layers layers;
  const auto* root = document.as<json::Object>();
  const json::Value* list = root == nullptr ? nullptr : json::find(*root, "layers");
  const auto* entries = list == nullptr ? nullptr : list->as<json::Array>();
  if (entries == nullptr) return layers;
  for (const json::Value& entry : *entries) {
    const auto* descriptor = entry.as<json::Object>();
    const json::Value* text = descriptor == nullptr ? nullptr : json::find(*descriptor, "digest");
    if (text == nullptr || text->as<std::string>() == nullptr) return Layers();
    SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(*text->as<std::string>()));
    layers.push_back(digest);
  }
  return layers;
}

Result<index::Manifest> parse(const index::StoredManifest& stored) {
  return parse_manifest(stored.descriptor.digest, stored.descriptor.media_type, stored.bytes);
}

/// Another commit may take a manifest away between two reads.
bool is_gone(const Error& error) {
  return error.code == Errc::kManifestUnknown;
}

}  // namespace

/// What makes an image one that is built on the base.
struct UsageReport::Base {
  std::set<Digest> digests;      ///< the base itself, and the images in it
  std::vector<Layers> prefixes;  ///< none of them empty
};

struct UsageReport::Found {
  std::map<std::pair<RepositoryName, Digest>, FoundImage> images;
  bool more = false;

  /// Null when there are too many already.
  FoundImage* at(const RepositoryName& repository, const index::Descriptor& descriptor) {
    const auto key = std::pair(repository, descriptor.digest);
    if (const auto there = images.find(key); there != images.end()) return &there->second;
    more = images.size() == kMostImages;
    if (more) return nullptr;
    return &images.emplace(key, FoundImage{repository, descriptor, {}, false, false}).first->second;
  }
};

Result<std::vector<index::Tag>> UsageReport::tags_of(const RepositoryName& repository,
                                                     const Digest& manifest) const {
  std::set<index::Tag> tags;
  std::set<Digest> seen{manifest};
  std::vector<Digest> waiting{manifest};
  while (!waiting.empty()) {
    const Digest digest = waiting.back();
    waiting.pop_back();
    SHALE_TRY_ASSIGN(const auto own, metadata_.list_tags_of(repository, digest));
    tags.insert(own.begin(), own.end());
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository, digest));
    for (const index::Parent& parent : parents) {
      if (parent.kind != EdgeKind::kManifest) continue;
      if (seen.insert(parent.digest).second) waiting.push_back(parent.digest);
    }
  }
  return std::vector<index::Tag>(tags.begin(), tags.end());
}

Result<FoundImages> UsageReport::told(const Found& found) const {
  FoundImages images;
  images.more = found.more;
  for (const auto& [key, image] : found.images) {
    images.items.push_back(image);
    SHALE_TRY_ASSIGN(images.items.back().tags, tags_of(key.first, key.second));
  }
  return images;
}

Result<FoundImages> UsageReport::images_with(const Digest& layer, const Visible& visible) const {
  Found found;
  SHALE_TRY(each_holder(layer, [&](const RepositoryName& repository) -> Result<bool> {
    if (!visible(repository)) return true;
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository, layer));
    for (const index::Parent& parent : parents) {
      if (index::points_at_manifest(parent.kind)) continue;
      const auto descriptor = metadata_.find_manifest(repository, parent.digest);
      if (!descriptor && is_gone(descriptor.error())) continue;
      if (!descriptor) return descriptor.error();
      FoundImage* const image = found.at(repository, *descriptor);
      if (image == nullptr) return false;
      image->by_layers = true;
    }
    return true;
  }));
  return told(found);
}

Result<void> UsageReport::add_to_base(const RepositoryName& repository, const Digest& digest,
                                      Base& base) const {
  std::vector<Digest> waiting{digest};
  while (!waiting.empty()) {
    const Digest next = waiting.back();
    waiting.pop_back();
    if (!base.digests.insert(next).second && next != digest) continue;
    const auto stored = metadata_.read_manifest(repository, next);
    if (!stored && is_gone(stored.error())) continue;
    if (!stored) return stored.error();
    SHALE_TRY_ASSIGN(const index::Manifest manifest, parse(*stored));
    SHALE_TRY_ASSIGN(Layers layers, layers_of(*stored));
    if (!layers.empty()) base.prefixes.push_back(std::move(layers));
    for (const index::Edge& edge : manifest.edges) {
      if (edge.kind == EdgeKind::kManifest) waiting.push_back(edge.target.digest);
    }
  }
  return {};
}

Result<UsageReport::Base> UsageReport::look_up(const BaseImage& asked,
                                               const Visible& visible) const {
  Base base;
  if (asked.repository) {
    SHALE_TRY_ASSIGN(const auto descriptor,
                     metadata_.find_manifest(*asked.repository, asked.reference));
    SHALE_TRY(add_to_base(*asked.repository, descriptor.digest, base));
    return base;
  }
  const auto* digest = std::get_if<Digest>(&asked.reference);
  if (digest == nullptr) {
    const std::string what = "a tag says nothing without its repository";
    return Error{Errc::kInvalidArgument, what, {what}};
  }
  base.digests.insert(*digest);
  const auto look = [&](const RepositoryName& repository) -> Result<bool> {
    if (!visible(repository)) return true;
    const auto there = metadata_.find_manifest(repository, *digest);
    if (!there && is_gone(there.error())) return true;
    if (!there) return there.error();
    SHALE_TRY(add_to_base(repository, *digest, base));
    return false;
  };
  SHALE_TRY(each_repository("", look));
  return base;
}

/// Whoever has all layers of the base has the last of them, which fewer images share.
Result<void> UsageReport::find_by_layers(const Base& base, const Visible& visible,
                                         Found& found) const {
  for (const Layers& prefix : base.prefixes) {
    const auto look = [&](const RepositoryName& repository) -> Result<bool> {
      if (!visible(repository)) return true;
      SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository, prefix.back()));
      for (const index::Parent& parent : parents) {
        if (parent.kind != EdgeKind::kLayer || base.digests.contains(parent.digest)) continue;
        const auto stored = metadata_.read_manifest(repository, parent.digest);
        if (!stored && is_gone(stored.error())) continue;
        if (!stored) return stored.error();
        SHALE_TRY_ASSIGN(const Layers layers, layers_of(*stored));
        if (layers.size() < prefix.size() ||
            !std::equal(prefix.begin(), prefix.end(), layers.begin())) {
          continue;
        }
        FoundImage* const image = found.at(repository, stored->descriptor);
        if (image == nullptr) return false;
        image->by_layers = true;
      }
      return true;
    };
    SHALE_TRY(each_holder(prefix.back(), look));
  }
  return {};
}

Result<void> UsageReport::find_by_annotation(const Base& base, const Visible& visible,
                                             Found& found) const {
  const auto names_base = [&](const index::StoredManifest& stored) -> Result<bool> {
    if (stored.bytes.find(kBaseAnnotation) == std::string::npos) return false;
    SHALE_TRY_ASSIGN(const index::Manifest manifest, parse(stored));
    return std::ranges::any_of(manifest.annotations, [&](const auto& annotation) {
      const auto digest = Digest::parse(annotation.second);
      return annotation.first == kBaseAnnotation && digest && base.digests.contains(*digest);
    });
  };
  return each_repository("", [&](const RepositoryName& repository) -> Result<bool> {
    if (!visible(repository)) return true;
    std::optional<Digest> after;
    while (true) {
      SHALE_TRY_ASSIGN(const auto page, metadata_.list_manifests(repository, after, kAtOnce));
      for (const index::ListedManifest& listed : page.items) {
        const auto stored = metadata_.read_manifest(repository, listed.descriptor.digest);
        if (!stored && is_gone(stored.error())) continue;
        if (!stored) return stored.error();
        SHALE_TRY_ASSIGN(const bool built_on_it, names_base(*stored));
        if (!built_on_it) continue;
        FoundImage* const image = found.at(repository, stored->descriptor);
        if (image == nullptr) return false;
        image->by_annotation = true;
      }
      if (!page.more || page.items.empty()) return true;
      after = page.items.back().descriptor.digest;
    }
  });
}

Result<FoundImages> UsageReport::images_on(const BaseImage& base, const Visible& visible) const {
  SHALE_TRY_ASSIGN(const auto turn, take_scan_turn(scans_));
  SHALE_TRY_ASSIGN(const Base looked_up, look_up(base, visible));
  Found found;
  SHALE_TRY(find_by_layers(looked_up, visible, found));
  SHALE_TRY(find_by_annotation(looked_up, visible, found));
  return told(found);
}

}  // namespace shale::registry
