#include "server/index/memory_metadata_store.h"

namespace shale::index {
namespace {

Error not_yet() {
  return {Errc::kDisabled, "not yet"};
}

}  // namespace

Result<Page<ListedManifest>> MemoryMetadataStore::list_manifests(
    const RepositoryName& /*repository*/, const std::optional<Digest>& /*after*/,
    std::size_t /*limit*/) const {
  return not_yet();
}

Result<std::vector<Tag>> MemoryMetadataStore::list_tags_of(const RepositoryName& /*repository*/,
                                                           const Digest& /*digest*/) const {
  return not_yet();
}

Result<std::vector<Edge>> MemoryMetadataStore::list_edges(const RepositoryName& /*repository*/,
                                                          const Digest& /*digest*/) const {
  return not_yet();
}

Result<std::vector<Parent>> MemoryMetadataStore::list_parents(const RepositoryName& /*repository*/,
                                                              const Digest& /*digest*/) const {
  return not_yet();
}

Result<void> MemoryMetadataStore::record_pulls(const std::vector<Pull>& /*pulls*/) {
  return not_yet();
}

Result<Page<BlobLink>> MemoryMetadataStore::list_links(const RepositoryName& /*repository*/,
                                                       const std::optional<Digest>& /*after*/,
                                                       std::size_t /*limit*/) const {
  return not_yet();
}

Result<Page<StoredBlob>> MemoryMetadataStore::list_blobs(const std::optional<Digest>& /*after*/,
                                                         std::size_t /*limit*/) const {
  return not_yet();
}

}  // namespace shale::index
