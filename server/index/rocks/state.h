#pragma once

#include <atomic>
#include <memory>

#include "blobstore/guarded.h"
#include "server/index/rocks/commit.h"
#include "server/index/rocks/database.h"
#include "server/index/rocks/group_sync.h"
#include "server/index/rocks/rocks_metadata_store.h"

namespace shale::index {

/// What an open store consists of. `sync` calls into `database`.
struct RocksMetadataStore::State {
  State(RocksOptions given, std::unique_ptr<rocks::Database> opened, Sequence last);

  /// Runs `build(Commit&)` in the commit section and returns the commit's number
  /// once it is durable.
  template <class Build>
  Result<Sequence> commit(Build build);

  /// Writes `batch` outside of any commit: not numbered, not synced.
  Result<void> write(rocksdb::WriteBatch& batch);

  const RocksOptions options;
  const std::unique_ptr<rocks::Database> database;
  /// The last commit's number. Whoever holds its lock is the one that commits, so
  /// that numbers follow the order in the log and what a commit has read still
  /// holds when it writes.
  Guarded<Sequence> section;
  std::atomic<Sequence> written;
  rocks::GroupSync sync;
};

template <class Build>
Result<Sequence> RocksMetadataStore::State::commit(Build build) {
  Sequence number = 0;
  {
    const auto last = section.lock();
    SHALE_TRY(sync.healthy());
    number = *last + 1;
    rocks::Commit commit(*database, options.policy, number, options.clock.now(), options.lease);
    SHALE_TRY(build(commit));
    SHALE_TRY(commit.demand_quotas(options.policy.quotas));
    SHALE_TRY_ASSIGN(rocksdb::WriteBatch batch, commit.finish());
    SHALE_TRY(write(batch));
    *last = number;
    written.store(number);
    sync.written(number);
  }
  if (options.durability == Durability::kSynced) {
    SHALE_TRY(sync.wait_for(number));
  }
  return number;
}

}  // namespace shale::index
