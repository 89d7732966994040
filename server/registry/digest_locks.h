#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "blobstore/digest.h"

namespace shale::registry {

/// Keeps the removal of a blob's bytes apart from what may need them at that moment.
/// Pushes share a digest among themselves and never wait for each other; the collector
/// only tries, and comes back later. So the longest wait of a push is for one removal
/// that has begun. Several digests share a lock, which costs a try and nothing else.
/// Thread-safe; one digest at a time for each thread.
class DigestLocks {
 public:
  /// The bytes stay while this is held, and what is published is linked before they
  /// could go. May wait for one removal.
  std::shared_lock<std::shared_mutex> keep(const Digest& digest) {
    return std::shared_lock(lock_of(digest));
  }
  /// The same without waiting; not held when a removal is under way.
  std::shared_lock<std::shared_mutex> try_keep(const Digest& digest) {
    return {lock_of(digest), std::try_to_lock};
  }
  /// Nobody else has anything to do with the bytes while this is held; not held when
  /// somebody has.
  std::unique_lock<std::shared_mutex> try_remove(const Digest& digest) {
    return {lock_of(digest), std::try_to_lock};
  }

 private:
  static constexpr std::size_t kLocks = 1024;

  std::shared_mutex& lock_of(const Digest& digest) {
    return locks_.at(std::hash<std::string>()(digest.str()) % kLocks);
  }

  std::array<std::shared_mutex, kLocks> locks_;
};

}  // namespace shale::registry
