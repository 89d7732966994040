#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

Error not_yet() {
  return {Errc::kDisabled, "not yet"};
}

}  // namespace

Result<StoredManifest> RocksMetadataStore::read_pinned(const RepositoryName& /*repository*/,
                                                       const Digest& /*digest*/) const {
  return not_yet();
}

Result<Page<Pin>> RocksMetadataStore::list_pins(const RepositoryName& /*repository*/,
                                                const std::optional<Digest>& /*after*/,
                                                std::size_t /*limit*/) const {
  return not_yet();
}

Result<std::size_t> RocksMetadataStore::drop_pins(const RepositoryName& /*repository*/,
                                                  const std::optional<Digest>& /*only*/,
                                                  std::size_t /*limit*/) {
  return not_yet();
}

Result<Collected> RocksMetadataStore::collect(const Doomed& /*doomed*/) {
  return not_yet();
}

Result<void> RocksMetadataStore::file_removed(const Doomed& /*doomed*/) {
  return not_yet();
}

}  // namespace shale::index
