#include "server/index/rocks/rocks_metadata_store.h"

#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"

namespace shale::index {

using rocks::Commit;
using rocks::Database;
using rocks::Family;

RocksMetadataStore::State::State(RocksOptions given, std::unique_ptr<Database> opened,
                                 Sequence last)
    : options(std::move(given)),
      database(std::move(opened)),
      section(last),
      written(last),
      sync([this]() -> Result<void> {
        if (options.before_sync) {
          SHALE_TRY(options.before_sync());
        }
        const auto begun = std::chrono::steady_clock::now();
        const Result<void> done = database->sync();
        if (options.synced) options.synced(std::chrono::steady_clock::now() - begun);
        return done;
      }) {}

Result<void> RocksMetadataStore::State::wait_until_durable(Sequence number) {
  if (options.durability == Durability::kRelaxed) return {};
  return sync.wait_for(number);
}

Result<void> RocksMetadataStore::State::write(rocksdb::WriteBatch& batch) {
  SHALE_TRY(sync.healthy());
  Result<void> done = database->write(batch);
  if (!done) {
    // Whether the log holds it, in part or whole, only reading it again can tell.
    sync.fail(done.error());
  }
  return done;
}

Result<std::unique_ptr<RocksMetadataStore>> RocksMetadataStore::open(RocksOptions options) {
  SHALE_TRY_ASSIGN(std::unique_ptr<Database> database, Database::open(options));
  SHALE_TRY_ASSIGN(const auto row, rocks::View(*database).row<rocks::SequenceRow>(
                                       Family::kStore, rocks::keys::kSequence));
  const Sequence last = row ? row->sequence : 0;
  return std::unique_ptr<RocksMetadataStore>(new RocksMetadataStore(
      std::make_unique<State>(std::move(options), std::move(database), last)));
}

RocksMetadataStore::RocksMetadataStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RocksMetadataStore::~RocksMetadataStore() {
  if (state_->sync.healthy()) {
    // Nobody waits for what is still unsynced here: it was never promised. Nor is
    // a flush that fails a loss, for the log has it all.
    static_cast<void>(state_->database->sync());
    static_cast<void>(state_->database->flush());
  }
}

Sequence RocksMetadataStore::sequence() const {
  return state_->written.load();
}

std::uint64_t RocksMetadataStore::syncs() const noexcept {
  return state_->sync.syncs();
}

// --- uploads ---

Result<void> RocksMetadataStore::open_upload(const UploadRow& row) {
  rocksdb::WriteBatch batch;
  batch.Put(state_->database->handle(Family::kUploads), rocks::keys::upload(row.id),
            rocks::encode(rocks::UploadValue{row.repository.str(), row.started}));
  return state_->write(batch);
}

Result<void> RocksMetadataStore::close_upload(const UploadId& id) {
  rocksdb::WriteBatch batch;
  batch.Delete(state_->database->handle(Family::kUploads), rocks::keys::upload(id));
  return state_->write(batch);
}

// --- commits ---

Result<Sequence> RocksMetadataStore::link_blob(const LinkBlob& request) {
  return state_->commit([&](Commit& commit) {
    if (request.upload) {
      commit.drop_upload(*request.upload);
    }
    return commit.link_blob(request.repository, request.digest, request.size, request.bytes);
  });
}

Result<Sequence> RocksMetadataStore::mount_blob(const RepositoryName& from,
                                                const RepositoryName& to, const Digest& digest) {
  return state_->commit([&](Commit& commit) { return commit.mount_blob(from, to, digest); });
}

Result<Sequence> RocksMetadataStore::put_manifest(const PutManifest& request) {
  return state_->commit([&](Commit& commit) { return commit.put_manifest(request); });
}

Result<Sequence> RocksMetadataStore::delete_tag(const RepositoryName& repository, const Tag& tag,
                                                const By& by) {
  return state_->commit([&](Commit& commit) { return commit.delete_tag(repository, tag, by); });
}

Result<Sequence> RocksMetadataStore::delete_manifest(const RepositoryName& repository,
                                                     const Digest& digest, const By& by) {
  const auto build = [&](Commit& commit) { return commit.delete_manifest(repository, digest, by); };
  return by.synced == Synced::kNow ? state_->commit(build) : state_->write_commit(build);
}

Result<Sequence> RocksMetadataStore::delete_blob(const RepositoryName& repository,
                                                 const Digest& digest, Synced synced) {
  const auto build = [&](Commit& commit) { return commit.delete_blob(repository, digest); };
  return synced == Synced::kNow ? state_->commit(build) : state_->write_commit(build);
}

}  // namespace shale::index
