#include <set>

#include "server/index/memory_metadata_store.h"
#include "server/index/quota_check.h"

namespace shale::index {

Usage MemoryMetadataStore::State::usage_below(std::string_view name_space) const {
  Usage sum;
  for (const auto& [name, repository] : repositories) {
    if (is_below(name_space, name.str())) {
      sum += usage_of(name);
    }
  }
  return sum;
}

Result<Usage> MemoryMetadataStore::usage_below(std::string_view name_space) const {
  return state_.lock()->usage_below(name_space);
}

Result<void> MemoryMetadataStore::demand_room(const State& state, const RepositoryName& repository,
                                              std::int64_t bytes, std::int64_t tags) const {
  if (!policy_.quotas || (bytes == 0 && tags == 0)) {
    return {};
  }
  QuotaCheck check;
  for (const Quota& quota : policy_.quotas(repository)) {
    check.look_at(quota, state.usage_below(quota.name_space), {bytes, tags});
  }
  return std::move(check).verdict();
}

Result<void> MemoryMetadataStore::demand_room(const State& state, const RepositoryName& repository,
                                              const Digest& blob, std::uint64_t size) const {
  const Repository* found = state.find(repository);
  const bool there = found != nullptr && found->blobs.contains(blob);  // hidden or not
  return demand_room(state, repository, there ? 0 : static_cast<std::int64_t>(size), 0);
}

Result<void> MemoryMetadataStore::demand_room(const State& state,
                                              const PutManifest& request) const {
  const Descriptor& descriptor = request.manifest.descriptor;
  const Repository* found = state.find(request.repository);
  std::set<Tag> tags(request.tags.begin(), request.tags.end());
  bool there = false;
  if (found != nullptr) {
    there =
        found->manifests.contains(descriptor.digest) || found->deleted.contains(descriptor.digest);
    std::erase_if(tags, [&](const Tag& tag) { return found->tags.contains(tag); });
  }
  return demand_room(state, request.repository,
                     there ? 0 : static_cast<std::int64_t>(descriptor.size),
                     static_cast<std::int64_t>(tags.size()));
}

}  // namespace shale::index
