#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/guarded.h"

namespace shale::registry {

/// Which blobs are set aside as damaged, in memory, for every look at a blob asks: while
/// there are none, that is the reading of a number. Thread-safe and quick.
class Quarantine {
 public:
  explicit Quarantine(const std::vector<Quarantined>& known);

  /// Since when; none for a blob that is not set aside.
  std::optional<Time> since(const Digest& digest) const;
  std::size_t size() const noexcept { return count_.load(); }

  void add(const Digest& digest, Time since);
  void remove(const Digest& digest);

  /// A blob was published anew and linked, so it is not set aside any more. To be called
  /// with its digest's lock held.
  void published(const Digest& digest);

  /// From now on a `published` of this digest is noted. One watch at a time.
  void watch(const Digest& digest);
  /// Whether it was published since. To be called with its digest's whole lock, so that
  /// no push is between publishing and telling of it.
  bool published_since_watch() const;

 private:
  struct State {
    std::map<Digest, Time> since;
    std::optional<Digest> watched;
    bool published = false;
  };
  void count(const State& state);

  Guarded<State> state_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<bool> watching_ = false;
};

/// The words for a client that asks for a blob which is set aside.
std::string set_aside_words(const Digest& digest, Time since);

}  // namespace shale::registry
