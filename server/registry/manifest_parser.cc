#include "server/registry/manifest_parser.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/registry/client_text.h"
#include "server/registry/json_tree.h"
#include "server/registry/media_types.h"

namespace shale::registry {
namespace {

using index::EdgeKind;

constexpr std::size_t kMostReferences = 10'000;
constexpr std::size_t kLongestType = 255;

constexpr std::array<std::string_view, 11> kManifestMembers = {
    "schemaVersion", "mediaType", "artifactType", "config",   "layers",    "blobs",
    "manifests",     "subject",   "annotations",  "fsLayers", "signatures"};
constexpr std::array<std::string_view, 8> kDescriptorMembers = {
    "mediaType", "digest", "size", "data", "urls", "annotations", "artifactType", "platform"};

Error invalid(const std::string& path, const std::string& problem) {
  const std::string detail = path + ": " + problem;
  return {Errc::kManifestInvalid, detail, {detail}};
}

/// The member when it is there and not null: Go's tools write an empty list or
/// an unset pointer as null, and read it so.
const json::Value* present(const json::Object& object, std::string_view name) {
  const json::Value* value = json::find(object, name);
  return value == nullptr || value->as<json::Null>() != nullptr ? nullptr : value;
}

/// What Go's encoding/json compares when it looks for a member: letters without
/// case, and the one sign beyond ASCII that folds to a letter in our names.
std::string folded(std::string name) {
  constexpr std::string_view kLongS = "\u017F";
  for (std::size_t at = 0; (at = name.find(kLongS, at)) != std::string::npos;) {
    name.replace(at, kLongS.size(), "s");
  }
  return lower_case(name);
}

/// Refuses `Layers` for `layers`: half of the clients would read it and the
/// other half would not, so the two would pull different images by one digest.
Result<void> check_spelling(const json::Object& object, const std::string& path,
                            std::span<const std::string_view> names) {
  for (const json::Member& member : object) {
    if (std::ranges::find(names, member.name) != names.end()) continue;
    const std::string fold = folded(member.name);
    for (const std::string_view name : names) {
      if (lower_case(name) == fold) {
        return invalid(path,
                       "the member " + quoted(member.name) + " must be spelt " + quoted(name));
      }
    }
  }
  return {};
}

/// The text of an optional member; empty when it is not there.
Result<std::string> text_member(const json::Object& object, const std::string& path,
                                std::string_view name) {
  const json::Value* value = present(object, name);
  if (value == nullptr) return std::string();
  const auto* text = value->as<std::string>();
  if (text == nullptr) return invalid(path + "." + std::string(name), "must be a string");
  return *text;
}

/// A media type of something else. Unknown ones are welcome, and so are ones
/// that RFC 6838 would not have, but not what could break a header or a line.
Result<std::string> type_member(const json::Object& object, const std::string& path,
                                std::string_view name) {
  SHALE_TRY_ASSIGN(std::string type, text_member(object, path, name));
  const auto unprintable = [](char c) { return c < ' ' || c > '~'; };
  if (type.size() > kLongestType || std::ranges::any_of(type, unprintable)) {
    return invalid(path + "." + std::string(name),
                   "must be a media type, at most 255 printable ASCII characters");
  }
  return type;
}

/// That the annotations, where there are some, are strings by name.
Result<void> check_annotations(const json::Object& object, const std::string& path) {
  const json::Value* value = present(object, "annotations");
  if (value == nullptr) return {};
  const auto* members = value->as<json::Object>();
  if (members == nullptr) return invalid(path + ".annotations", "must be an object of strings");
  for (const json::Member& member : *members) {
    if (member.value.as<std::string>() == nullptr) {
      return invalid(path + ".annotations." + printable(member.name), "must be a string");
    }
  }
  return {};
}

/// Moved out of the document, for they may be most of it.
Result<index::Annotations> take_annotations(json::Object& root) {
  SHALE_TRY(check_annotations(root, "$"));
  index::Annotations annotations;
  json::Value* value = json::find(root, "annotations");
  auto* members = value == nullptr ? nullptr : value->as<json::Object>();
  if (members == nullptr) return annotations;
  annotations.reserve(members->size());
  for (json::Member& member : *members) {
    annotations.emplace_back(std::move(member.name), std::move(*member.value.as<std::string>()));
  }
  return annotations;
}

Result<std::uint64_t> read_size(const json::Object& object, const std::string& path) {
  const json::Value* value = present(object, "size");
  const auto* size = value == nullptr ? nullptr : value->as<std::uint64_t>();
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (size == nullptr || *size > kMost) {
    return invalid(path + ".size",
                   "must be the number of bytes, an integer from 0 to 9223372036854775807");
  }
  return *size;
}

Result<Digest> read_digest(const json::Object& object, const std::string& path) {
  SHALE_TRY_ASSIGN(const std::string text, text_member(object, path, "digest"));
  auto digest = Digest::parse(text);
  if (digest) return *digest;
  if (digest.error().code == Errc::kDigestUnsupported) {
    return invalid(path + ".digest", quoted(text) +
                                         " is of an algorithm that is not kept here; "
                                         "use sha256 or sha512");
  }
  return invalid(path + ".digest",
                 quoted(text) + " is not a digest such as sha256:<64 hex digits>");
}

Result<index::Descriptor> read_descriptor(const json::Value& value, const std::string& path) {
  const auto* object = value.as<json::Object>();
  if (object == nullptr) {
    return invalid(path, "must be a descriptor, an object with mediaType, digest and size");
  }
  SHALE_TRY(check_spelling(*object, path, kDescriptorMembers));
  SHALE_TRY_ASSIGN(std::string media_type, type_member(*object, path, "mediaType"));
  if (media_type.empty()) return invalid(path + ".mediaType", "is missing");
  SHALE_TRY_ASSIGN(const Digest digest, read_digest(*object, path));
  SHALE_TRY_ASSIGN(const std::uint64_t size, read_size(*object, path));
  // Not used here, but a reader with typed members would stumble over these.
  SHALE_TRY(type_member(*object, path, "artifactType"));
  SHALE_TRY(text_member(*object, path, "data"));
  SHALE_TRY(check_annotations(*object, path));
  return index::Descriptor{digest, std::move(media_type), size};
}

Result<std::vector<index::Descriptor>> read_list(const json::Object& object,
                                                 const std::string& name) {
  std::vector<index::Descriptor> list;
  const json::Value* value = present(object, name);
  if (value == nullptr) return list;
  const auto* array = value->as<json::Array>();
  if (array == nullptr) return invalid("$." + name, "must be an array of descriptors");
  for (const json::Value& element : *array) {
    const std::string path = "$." + name + "[" + std::to_string(list.size()) + "]";
    SHALE_TRY_ASSIGN(auto descriptor, read_descriptor(element, path));
    list.push_back(std::move(descriptor));
  }
  return list;
}

/// Gathers what a manifest refers to, each thing once for each reason: images
/// often have the same empty layer many times.
class References {
 public:
  Result<void> add(EdgeKind kind, const index::Descriptor& target) {
    if (++count_ > kMostReferences) {
      return invalid("$", "has more than " + std::to_string(kMostReferences) + " descriptors");
    }
    if (const auto known = sizes_.try_emplace(target.digest, target.size).first;
        known->second != target.size) {
      return invalid("$", target.digest.str() + " is there with two sizes, " +
                              std::to_string(known->second) + " and " +
                              std::to_string(target.size));
    }
    const bool must_exist =
        kind != EdgeKind::kSubject &&
        !(kind == EdgeKind::kLayer && is_non_distributable(lower_case(target.media_type)));
    const auto [place, fresh] = places_.try_emplace({kind, target.digest}, edges_.size());
    if (fresh) {
      edges_.push_back({kind, target, must_exist});
    } else {
      edges_[place->second].must_exist |= must_exist;
    }
    return {};
  }

  std::vector<index::Edge> take() && { return std::move(edges_); }

 private:
  std::vector<index::Edge> edges_;
  std::map<std::pair<EdgeKind, Digest>, std::size_t> places_;
  std::map<Digest, std::uint64_t> sizes_;
  std::size_t count_ = 0;
};

/// The references of one body. In a type of its own (`Shape::kOther`) a member
/// that does not look like ours means something else and is left alone.
class Reading {
 public:
  Reading(json::Object& root, Shape shape) : root_(root), shape_(shape) {}

  Result<std::vector<index::Edge>> edges() {
    if (shape_ == Shape::kImage && present(root_, "config") == nullptr) {
      return invalid("$.config",
                     "is missing; an image manifest has one, "
                     "application/vnd.oci.empty.v1+json where there is nothing to say");
    }
    SHALE_TRY(require_list(Shape::kImage, "layers"));
    SHALE_TRY(require_list(Shape::kIndex, "manifests"));
    SHALE_TRY(add_one("config", EdgeKind::kConfig));
    SHALE_TRY(add_list("layers", EdgeKind::kLayer));
    if (shape_ == Shape::kOther) SHALE_TRY(add_list("blobs", EdgeKind::kLayer));
    SHALE_TRY(add_list("manifests", EdgeKind::kManifest));
    SHALE_TRY(add_one("subject", EdgeKind::kSubject));
    return std::move(references_).take();
  }

  Result<std::string> artifact_type() const {
    return read_or_leave(type_member(root_, "$", "artifactType"));
  }

  /// Leaves the document without them.
  Result<index::Annotations> take_annotations() {
    return read_or_leave(registry::take_annotations(root_));
  }

 private:
  Result<void> require_list(Shape shape, const std::string& name) const {
    if (shape_ != shape || json::find(root_, name) != nullptr) return {};
    return invalid("$." + name, "is missing; an empty array is fine");
  }

  Result<void> add_one(const std::string& name, EdgeKind kind) {
    const json::Value* value = present(root_, name);
    if (value == nullptr) return {};
    auto descriptor = read_descriptor(*value, "$." + name);
    if (descriptor) return references_.add(kind, *descriptor);
    if (shape_ == Shape::kOther) return {};
    return std::move(descriptor).error();
  }

  Result<void> add_list(const std::string& name, EdgeKind kind) {
    SHALE_TRY_ASSIGN(const auto list, read_or_leave(read_list(root_, name)));
    for (const index::Descriptor& target : list) {
      const bool blob =
          kind == EdgeKind::kManifest && !is_manifest_type(lower_case(target.media_type));
      SHALE_TRY(references_.add(blob ? EdgeKind::kBlob : kind, target));
    }
    return {};
  }

  template <class T>
  Result<T> read_or_leave(Result<T> read) const {
    if (!read && shape_ == Shape::kOther) return T();
    return read;
  }

  json::Object& root_;
  Shape shape_;
  References references_;
};

Error schema1() {
  return invalid("$.schemaVersion",
                 "Docker image manifests of schema 1 are not taken; push the image again as "
                 "schema 2 or as OCI, with Docker 1.10 or newer");
}

/// One body must not be two things: clients that look at different members would
/// run different images by one digest (CVE-2021-41190).
Result<void> check_unambiguous(const json::Object& root) {
  const auto has = [&](std::string_view name) { return present(root, name) != nullptr; };
  if (has("fsLayers")) return schema1();
  if (has("manifests") && (has("layers") || has("config"))) {
    return invalid("$",
                   "has both manifests, as an index has, and layers or a config, as an image "
                   "has; send one or the other");
  }
  return {};
}

/// The type that the manifest is kept under, from the header and the body: as it
/// is written there, for it is given out again.
Result<std::string> agree_on_type(std::string_view content_type, const json::Object& root) {
  SHALE_TRY_ASSIGN(std::string named, text_member(root, "$", "mediaType"));
  std::string header(essence(content_type));
  if (lower_case(header) == "application/json") header.clear();
  if (header.empty() && named.empty()) {
    return invalid("$.mediaType",
                   "is missing, and so is the type in the Content-Type header; send one of them, "
                   "such as application/vnd.oci.image.manifest.v1+json");
  }
  if (!header.empty() && !named.empty() && lower_case(header) != lower_case(named)) {
    return invalid("$.mediaType", "is " + quoted(named) + ", but the Content-Type header says " +
                                      quoted(header) + "; send the same in both");
  }
  if (named.empty() && names_itself(lower_case(header))) {
    return invalid("$.mediaType", "is missing; a manifest of Docker's has it in the body too");
  }
  return header.empty() ? std::move(named) : std::move(header);
}

bool has_version(const json::Object& root, std::uint64_t version) {
  const json::Value* value = present(root, "schemaVersion");
  const auto* number = value == nullptr ? nullptr : value->as<std::uint64_t>();
  return number != nullptr && *number == version;
}

/// What a list of referrers shows as the kind of artifact (distribution-spec,
/// "Listing Referrers").
std::string derived_artifact_type(std::string own, const std::vector<index::Edge>& edges) {
  if (!own.empty()) return own;
  const auto config = std::ranges::find(edges, EdgeKind::kConfig, &index::Edge::kind);
  return config == edges.end() ? std::string() : config->target.media_type;
}

}  // namespace

Result<index::Manifest> parse_manifest(const Digest& digest, std::string_view content_type,
                                       std::string_view bytes) {
  // By the header alone already: a signed one deserves these words, whatever else is wrong.
  if (shape_of(lower_case(essence(content_type))) == Shape::kSchema1) return schema1();
  SHALE_TRY_ASSIGN(json::Value document, json::parse(bytes));
  auto* root = document.as<json::Object>();
  if (root == nullptr) return invalid("$", "must be an object");
  SHALE_TRY(check_spelling(*root, "$", kManifestMembers));
  if (has_version(*root, 1)) return schema1();
  SHALE_TRY(check_unambiguous(*root));
  SHALE_TRY_ASSIGN(std::string media_type, agree_on_type(content_type, *root));
  const Shape shape = shape_of(lower_case(media_type));
  if (shape == Shape::kSchema1) return schema1();
  if (shape == Shape::kNone) {
    return invalid("$.mediaType",
                   quoted(media_type) + " is not a manifest type; those end in +json");
  }
  if (shape != Shape::kOther && !has_version(*root, 2)) {
    return invalid("$.schemaVersion", "must be 2");
  }

  Reading reading(*root, shape);
  SHALE_TRY_ASSIGN(std::vector<index::Edge> edges, reading.edges());
  SHALE_TRY_ASSIGN(std::string artifact_type, reading.artifact_type());
  SHALE_TRY_ASSIGN(index::Annotations annotations, reading.take_annotations());
  return index::Manifest{
      .descriptor = {digest, std::move(media_type), bytes.size()},
      .bytes = std::string(bytes),
      .artifact_type = derived_artifact_type(std::move(artifact_type), edges),
      .annotations = std::move(annotations),
      .edges = std::move(edges),
  };
}

}  // namespace shale::registry
