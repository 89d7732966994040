#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>

#include "blobstore/guarded.h"
#include "blobstore/result.h"

namespace shale::index::rocks {

/// Group commit: many wait, one syncs. Whoever finds no sync under way leads one
/// for everybody who had written before it began; those who wrote later wait for
/// the next one. So a sync that takes 5 ms serves all commits of 5 ms.
///
/// Once a sync or a write has failed nothing is ever acknowledged again: after a
/// failed fsync the kernel may have dropped the pages and marked them clean, so
/// that a second fsync would succeed without the bytes being on disk. Only
/// opening the store anew, which reads what is really there, ends that state.
///
/// Thread-safe.
class GroupSync {
 public:
  /// `sync` makes durable all that was written before it is called; one thread
  /// calls it at a time.
  explicit GroupSync(std::function<Result<void>()> sync) : sync_(std::move(sync)) {}

  /// Notes that all up to `number` is written. Numbers rise from call to call,
  /// and the calls do not overlap.
  void written(std::uint64_t number) noexcept { written_.store(number); }

  /// Returns once all up to `number`, which must be written, is durable; or with
  /// the error of the sync that failed.
  Result<void> wait_for(std::uint64_t number);

  /// Stops everything, as a failed sync does.
  void fail(Error error);

  /// `kUnavailable` once something has failed.
  Result<void> healthy() const;

  /// How often `sync` was called.
  std::uint64_t syncs() const noexcept { return syncs_.load(); }

 private:
  struct State {
    std::uint64_t durable = 0;
    bool leading = false;
    std::optional<Error> failure;
  };

  std::function<Result<void>()> sync_;
  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  Guarded<State> state_;
  std::condition_variable changed_;
};

}  // namespace shale::index::rocks
