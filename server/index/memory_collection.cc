#include "server/index/memory_metadata_store.h"

namespace shale::index {

using Outcome = Collected::Outcome;

Collected MemoryMetadataStore::forget(State& state, const Digest& digest, Time now) {
  const std::uint64_t size = state.blobs.at(digest);
  state.blobs.erase(digest);
  state.leases.erase({"", digest});
  if (state.small_blobs.erase(digest) > 0) return {Outcome::kFreed, size};
  state.files[digest].insert(now);
  return {Outcome::kForgotten, size};
}

Result<Collected> MemoryMetadataStore::collect(const Doomed& doomed) {
  const auto state = state_.lock();
  ++state->sequence;
  const auto& digest = doomed.digest;
  if (!is_leased(doomed.kind)) return collect_manifest(*state, doomed);
  if (doomed.kind == Doomed::Kind::kFile) {
    if (!state->blobs.contains(digest) || state->small_blobs.contains(digest)) {
      return Collected{Outcome::kRemoveFile, 0};
    }
    state->files[digest].erase(doomed.due);
    return Collected{};
  }
  const auto lease = state->leases.find({doomed.repository, digest});
  if (lease == state->leases.end() || lease->second != doomed.due) return Collected{};
  state->leases.erase(lease);
  if (doomed.kind == Doomed::Kind::kLink) {
    SHALE_TRY_ASSIGN(const auto repository, RepositoryName::parse(doomed.repository));
    Repository& holder = state->repositories[repository];
    if (!holder.hidden.contains(digest) && holder.keeps_blob(digest)) {
      holder.hidden.insert(digest);
      return Collected{Outcome::kHidden, 0};
    }
    holder.hidden.erase(digest);
    holder.blobs.erase(digest);
    if (state->is_linked(digest)) return Collected{Outcome::kUnlinked, 0};
  }
  return forget(*state, digest, clock_.now());
}

Result<void> MemoryMetadataStore::file_removed(const Doomed& doomed) {
  state_.lock()->files[doomed.digest].erase(doomed.due);
  return {};
}

Result<void> MemoryMetadataStore::sync() {
  return {};
}

}  // namespace shale::index
