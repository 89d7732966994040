#include <algorithm>

#include "server/index/memory_metadata_store.h"
#include "server/index/reference_check.h"

// Manifests that go: into the history, back from it, and for good.

namespace shale::index {

using namespace std::chrono_literals;
using Outcome = Collected::Outcome;

bool MemoryMetadataStore::Repository::keeps_manifest(const Digest& digest) const {
  const auto& edges = manifests.at(digest).edges;
  return lists(digest) ||
         std::ranges::any_of(tags, [&](const auto& entry) { return entry.second == digest; }) ||
         std::ranges::any_of(edges, [&](const Edge& edge) {
           return edge.kind == EdgeKind::kSubject && manifests.contains(edge.target.digest);
         });
}

std::optional<Time> MemoryMetadataStore::untagged_until(const RepositoryName& repository) const {
  const auto after = policy_.untagged ? policy_.untagged(repository) : std::nullopt;
  return after ? std::optional(clock_.now() + std::max(*after, lease_)) : std::nullopt;
}

void MemoryMetadataStore::doom_untagged(Repository& repository, const Digest& digest,
                                        std::optional<Time> due) const {
  if (due && repository.manifests.contains(digest) && !repository.keeps_manifest(digest)) {
    repository.untagged.try_emplace(digest, *due);
  }
}

void MemoryMetadataStore::take_away(State& state, const RepositoryName& name, const Digest& digest,
                                    std::vector<Tag> tags, const By& by) const {
  const Time now = clock_.now();
  Repository& repository = state.repositories[name];
  const Manifest gone = repository.manifests.at(digest);
  const auto window = by.for_good || !policy_.history ? 0ms : policy_.history(name);
  if (window > 0ms) {
    repository.deleted.insert_or_assign(
        digest, Deleted{gone,
                        {.descriptor = gone.descriptor,
                         .artifact_type = gone.artifact_type,
                         .pushed = repository.pushed.at(digest),
                         .deleted = now,
                         .due = now + window,
                         .actor = by.actor,
                         .tags = std::move(tags),
                         .operation = by.operation.value_or(state.sequence)}});
  }
  repository.manifests.erase(digest);
  repository.pushed.erase(digest);
  repository.pulled.erase(digest);
  repository.untagged.erase(digest);
  if (!untagged_until(name)) return;
  for (const Edge& edge : gone.edges) {
    if (edge.kind == EdgeKind::kManifest) {
      doom_untagged(repository, edge.target.digest, now + lease_);
    }
  }
  for (const auto& [referrer, manifest] : repository.manifests) {
    const bool refers = std::ranges::any_of(manifest.edges, [&](const Edge& edge) {
      return edge.kind == EdgeKind::kSubject && edge.target.digest == digest;
    });
    if (refers) doom_untagged(repository, referrer, now + lease_);
  }
}

Result<Collected> MemoryMetadataStore::collect_manifest(State& state, const Doomed& doomed) const {
  SHALE_TRY_ASSIGN(const auto name, RepositoryName::parse(doomed.repository));
  Repository& repository = state.repositories[name];
  const Digest& digest = doomed.digest;
  if (doomed.kind == Doomed::Kind::kUntagged) {
    const auto found = repository.untagged.find(digest);
    if (found == repository.untagged.end() || found->second != doomed.due) return Collected{};
    if (repository.keeps_manifest(digest)) {
      repository.untagged.erase(found);
      return Collected{};
    }
    take_away(state, name, digest, {}, By{std::string(kUntaggedActor)});
    settle(state);
    return Collected{Outcome::kManifest, 0};
  }
  const auto found = repository.deleted.find(digest);
  if (found == repository.deleted.end() || found->second.row.due != doomed.due) {
    return Collected{};
  }
  const std::uint64_t size = found->second.row.descriptor.size;
  repository.deleted.erase(found);
  settle(state);
  const bool shared = std::ranges::any_of(state.repositories, [&](const auto& entry) {
    return entry.second.manifests.contains(digest) || entry.second.deleted.contains(digest);
  });
  return Collected{Outcome::kManifest, shared ? 0 : size};
}

Result<Sequence> MemoryMetadataStore::restore_manifest(const RestoreManifest& request) {
  const auto state = state_.lock();
  const Digest& digest = request.digest;
  const Repository* found = state->find(request.repository);
  if (found == nullptr || !found->deleted.contains(digest)) {
    return Error{Errc::kManifestUnknown,
                 digest.str() + " is not in the history of " + request.repository.str()};
  }
  for (const Tag& tag : request.tags) {
    const auto named = state->named(request.repository, tag);
    SHALE_TRY(demand_move(tag, named, digest, TagMoves::kNewOnly, {}));
  }
  const std::set<Tag> tags(request.tags.begin(), request.tags.end());
  SHALE_TRY(demand_room(*state, request.repository, 0, static_cast<std::int64_t>(tags.size())));
  ++state->sequence;
  Repository& repository = state->repositories[request.repository];
  const Deleted deleted = repository.deleted.at(digest);
  repository.deleted.erase(digest);
  repository.manifests.insert_or_assign(digest, deleted.manifest);
  repository.pushed.insert_or_assign(digest, deleted.row.pushed);
  for (const Edge& edge : deleted.manifest.edges) {
    if (edge.kind == EdgeKind::kManifest) repository.untagged.erase(edge.target.digest);
  }
  for (const Tag& tag : tags) {
    move_tag(*state, request.repository, tag, digest, request.actor);
  }
  return settle(*state);
}

Result<bool> MemoryMetadataStore::is_kept_by_history(const RepositoryName& repository,
                                                     const Digest& blob) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  return found != nullptr && found->keeps_blob(blob);
}

Result<std::optional<DeletedManifest>> MemoryMetadataStore::find_deleted(
    const RepositoryName& repository, const Digest& digest) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr || !found->deleted.contains(digest)) {
    return std::optional<DeletedManifest>();
  }
  return std::optional(found->deleted.at(digest).row);
}

}  // namespace shale::index
