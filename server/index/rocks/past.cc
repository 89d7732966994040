#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

Error not_yet() {
  return {Errc::kDisabled, "not yet"};
}

}  // namespace

Result<std::optional<TagMove>> RocksMetadataStore::find_move(const RepositoryName& /*repository*/,
                                                             const Tag& /*tag*/,
                                                             Time /*at*/) const {
  return not_yet();
}

Result<Page<Tag>> RocksMetadataStore::list_moved_tags(const RepositoryName& /*repository*/,
                                                      std::string_view /*after*/,
                                                      std::size_t /*limit*/) const {
  return not_yet();
}

Result<Sequence> RocksMetadataStore::move_tag(const MoveTag& /*request*/) {
  return not_yet();
}

}  // namespace shale::index
