#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"

namespace shale::index {

Result<Collected> RocksMetadataStore::collect(const Doomed& doomed) {
  Collected done;
  SHALE_TRY(state_->write_commit([&](rocks::Commit& commit) -> Result<void> {
    SHALE_TRY_ASSIGN(done, commit.collect(doomed));
    return {};
  }));
  return done;
}

Result<void> RocksMetadataStore::file_removed(const Doomed& doomed) {
  rocksdb::WriteBatch batch;
  batch.Delete(state_->database->handle(rocks::Family::kDoomed), rocks::keys::doomed(doomed));
  return state_->write(batch);
}

Result<void> RocksMetadataStore::sync() {
  return state_->wait_until_durable(state_->written.load());
}

}  // namespace shale::index
