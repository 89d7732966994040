#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobstore/guarded.h"
#include "server/index/listings.h"

namespace shale::registry {

/// When manifests were pulled, until somebody takes it and stores it: so that no pull writes.
/// Thread-safe; a note holds one of several locks, for as long as looking into a table takes.
class PullLog {
 public:
  /// Of more manifests than `kMost` between two calls of `take`, some are forgotten.
  static constexpr std::size_t kMost = 65536;

  void note(const index::RepositoryName& repository, const Digest& digest, Time time);
  /// Whether it was noted since the last call of `take`.
  bool has(const index::RepositoryName& repository, const Digest& digest) const;
  /// All that was noted since the last call, each manifest once with its latest time.
  std::vector<index::Pull> take();

 private:
  static constexpr std::size_t kShards = 16;
  using Shard = std::unordered_map<std::string, index::Pull>;
  static std::string key_of(const index::RepositoryName& repository, const Digest& digest);
  static std::size_t shard_of(const std::string& key);
  std::array<Guarded<Shard>, kShards> shards_;
};

}  // namespace shale::registry
