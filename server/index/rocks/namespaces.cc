#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

Error not_yet() {
  return {Errc::kDisabled, "not yet"};
}

}  // namespace

Result<Usage> RocksMetadataStore::usage_below(std::string_view /*name_space*/) const {
  return not_yet();
}

}  // namespace shale::index
