#include "server/registry/pull_log.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace shale::registry {

std::string PullLog::key_of(const index::RepositoryName& repository, const Digest& digest) {
  return repository.str() + '@' + digest.str();
}

std::size_t PullLog::shard_of(const std::string& key) {
  return std::hash<std::string>{}(key) % kShards;
}

bool PullLog::has(const index::RepositoryName& repository, const Digest& digest) const {
  const std::string key = key_of(repository, digest);
  return shards_.at(shard_of(key)).lock()->contains(key);
}

void PullLog::note(const index::RepositoryName& repository, const Digest& digest, Time time) {
  const std::string key = key_of(repository, digest);
  const auto shard = shards_.at(shard_of(key)).lock();
  const auto found = shard->find(key);
  if (found != shard->end()) {
    found->second.time = std::max(found->second.time, time);
  } else if (shard->size() < kMost / kShards) {
    shard->emplace(key, index::Pull{repository, digest, time});
  }
}

std::vector<index::Pull> PullLog::take() {
  std::vector<index::Pull> pulls;
  for (Guarded<Shard>& guarded : shards_) {
    Shard taken;
    std::swap(taken, *guarded.lock());
    for (auto& [key, pull] : taken)
      pulls.push_back(std::move(pull));
  }
  return pulls;
}

}  // namespace shale::registry
