#pragma once

#include <atomic>
#include <memory>
#include <utility>

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
  /// The same without waiting for the disk.
  template <class Build>
  Result<Sequence> write_commit(Build build);
  /// As the durability has it.
  Result<void> wait_until_durable(Sequence number);

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
Result<Sequence> RocksMetadataStore::State::write_commit(Build build) {
  const auto last = section.lock();
  SHALE_TRY(sync.healthy());
  const Sequence number = *last + 1;
  rocks::Commit commit(*database, options.policy, number, options.clock.now(), options.lease);
  SHALE_TRY(build(commit));
  SHALE_TRY(commit.demand_quotas(options.policy.quotas));
  SHALE_TRY_ASSIGN(rocksdb::WriteBatch batch, commit.finish());
  SHALE_TRY(write(batch));
  *last = number;
  written.store(number);
  sync.written(number);
  return number;
}

template <class Build>
Result<Sequence> RocksMetadataStore::State::commit(Build build) {
  SHALE_TRY_ASSIGN(const Sequence number, write_commit(std::move(build)));
  SHALE_TRY(wait_until_durable(number));
  return number;
}

}  // namespace shale::index
