#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "blobstore/guarded.h"
#include "blobstore/result.h"

namespace shale::file {

/// Syncs one directory for all who changed it, with as few syncs as possible:
/// whoever asks while a sync runs shares the one after it.
///
/// Why this is right: a caller changed the directory before it asked. Asking
/// puts it on the round that has not begun yet, and a round takes nobody more
/// on once it begins, because both happen under the lock. So the sync of a round
/// begins after the changes of everybody on it, and its answer is theirs: all on
/// a round succeed together or fail together.
///
/// A failure is final. The kernel may drop the very changes that it could not
/// write and answer the next sync with success, and a round that waited behind
/// the failed one may have lost changes to it. So whoever asks later, or waits
/// already, gets the same error, until the store is opened again.
///
/// Thread-safe.
class GroupedSync {
 public:
  using Sync = std::function<Result<void>()>;

  /// Returns once a sync that began after this call has ended, with its answer.
  /// It is made with the `sync` of any one caller of the round, so all callers
  /// have to pass the same thing.
  Result<void> run(const Sync& sync);

  /// How many callers wait for a sync that has not begun.
  std::size_t waiting() const;

 private:
  struct Round {
    std::size_t callers = 0;
    std::optional<Result<void>> outcome;  ///< once it is over
  };
  struct State {
    std::shared_ptr<Round> next;  ///< shared by those who wait for it; null while nobody does
    bool running = false;
    std::optional<Error> failure;  ///< of the round that failed; there is none after it
  };

  Guarded<State> state_;
  std::condition_variable changed_;
};

}  // namespace shale::file
