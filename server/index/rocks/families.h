#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shale::index::rocks {

/// The column families, as described in server/index/README.md.
enum class Family : std::uint8_t {
  kStore,  ///< RocksDB's "default": the format and the sequence
  kRepositories,
  kManifests,
  kManifestLinks,
  kManifestRepositories,
  kTags,
  kTagTargets,
  kHistory,
  kEdges,
  kEdgesTo,
  kBlobs,
  kBlobLinks,
  kBlobRepositories,
  kUploads,
  kDoomed,
  kUsage,
  kSmallBlobs,
  kPulls,
  kDeleted,
};

/// Their names on disk, in the order above.
inline constexpr std::array<std::string_view, 19> kFamilyNames{"default",
                                                               "repositories",
                                                               "manifests",
                                                               "manifest_links",
                                                               "manifest_repositories",
                                                               "tags",
                                                               "tag_targets",
                                                               "history",
                                                               "edges",
                                                               "edges_to",
                                                               "blobs",
                                                               "blob_links",
                                                               "blob_repositories",
                                                               "uploads",
                                                               "doomed",
                                                               "usage",
                                                               "small_blobs",
                                                               "pulls",
                                                               "deleted"};

/// So many of the first stand in every store of the format; all of them since format 3.
inline constexpr std::size_t kFamiliesOfFormat1 = 17;
inline constexpr std::size_t kFamiliesOfFormat2 = 18;

constexpr std::size_t index_of(Family family) {
  return static_cast<std::size_t>(family);
}
constexpr std::string_view name_of(Family family) {
  return kFamilyNames.at(index_of(family));
}

static_assert(name_of(Family::kDeleted) == "deleted" && name_of(Family::kTags) == "tags");

}  // namespace shale::index::rocks
