#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "blobstore/clock.h"
#include "blobstore/digest.h"
#include "blobstore/guarded.h"
#include "server/index/names.h"

namespace shale::registry {

/// Who was told that a doomed blob is there, by a HEAD or a download, and may therefore
/// push a manifest that names it. Kept in memory: an answer is no write. What is lost with
/// the process is made up for by a start after which nothing is let go for one lease.
/// Every lease is held for at least `length` and at most twice that. Thread-safe and quick.
class Leases {
 public:
  /// At most `most` are told apart; beyond that, all are held.
  Leases(const Clock& clock, std::chrono::milliseconds length, std::size_t most = 1U << 16U);

  void renew(const index::RepositoryName& repository, const Digest& digest);
  bool held(const index::RepositoryName& repository, const Digest& digest) const;

 private:
  struct State {
    std::unordered_set<std::uint64_t> newer;  ///< since `turned`
    std::unordered_set<std::uint64_t> older;  ///< of the lease's length before that
    Time turned;
    Time all_until;  ///< until then everything is held
  };

  /// Forgets what is over.
  void turn(State& state) const;

  const Clock& clock_;
  const std::chrono::milliseconds length_;
  const std::size_t most_;
  mutable Guarded<State> state_;
};

}  // namespace shale::registry
