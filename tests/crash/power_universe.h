#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::testing::power {

struct Content {
  Digest digest;
  std::string bytes;
};

/// A manifest and, by their numbers, the blobs and manifests that it needs.
struct PlannedManifest {
  Content content;
  std::string media_type;
  std::vector<std::size_t> blobs;
  std::vector<std::size_t> manifests;
};

/// Everything that may come up in one run: little, so that the same things meet
/// often. Digests begin with one of few bytes, so that blobs share directories.
struct Universe {
  explicit Universe(std::uint64_t seed);

  std::vector<index::RepositoryName> repositories;
  std::vector<index::Tag> tags;
  std::vector<Content> blobs;
  std::vector<PlannedManifest> manifests;
};

/// One repository has a history, and another one loses what has no tag any more.
index::StorePolicy rules();

/// All that `store` says of the universe, uploads aside: a line each.
std::string shown(const index::MetadataStore& store, const Universe& universe);

}  // namespace shale::testing::power
