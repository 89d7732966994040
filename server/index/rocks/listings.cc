#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

Error not_yet() {
  return {Errc::kDisabled, "not yet"};
}

}  // namespace

Result<Page<ListedManifest>> RocksMetadataStore::list_manifests(
    const RepositoryName& /*repository*/, const std::optional<Digest>& /*after*/,
    std::size_t /*limit*/) const {
  return not_yet();
}

Result<std::vector<Tag>> RocksMetadataStore::list_tags_of(const RepositoryName& /*repository*/,
                                                          const Digest& /*digest*/) const {
  return not_yet();
}

Result<std::vector<Edge>> RocksMetadataStore::list_edges(const RepositoryName& /*repository*/,
                                                         const Digest& /*digest*/) const {
  return not_yet();
}

Result<std::vector<Parent>> RocksMetadataStore::list_parents(const RepositoryName& /*repository*/,
                                                             const Digest& /*digest*/) const {
  return not_yet();
}

Result<void> RocksMetadataStore::record_pulls(const std::vector<Pull>& /*pulls*/) {
  return not_yet();
}

Result<Page<BlobLink>> RocksMetadataStore::list_links(const RepositoryName& /*repository*/,
                                                      const std::optional<Digest>& /*after*/,
                                                      std::size_t /*limit*/) const {
  return not_yet();
}

Result<Page<StoredBlob>> RocksMetadataStore::list_blobs(const std::optional<Digest>& /*after*/,
                                                        std::size_t /*limit*/) const {
  return not_yet();
}

}  // namespace shale::index
