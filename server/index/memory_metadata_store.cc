#include "server/index/memory_metadata_store.h"

#include <algorithm>

#include "server/index/reference_check.h"
#include "server/index/referrer_page.h"

namespace shale::index {

namespace {

bool has_blob(const Manifest& manifest, const Digest& digest) {
  return std::ranges::any_of(manifest.edges, [&](const Edge& edge) {
    return !points_at_manifest(edge.kind) && edge.target.digest == digest;
  });
}

}  // namespace

bool MemoryMetadataStore::Repository::names_blob(const Digest& digest) const {
  return std::ranges::any_of(manifests,
                             [&](const auto& entry) { return has_blob(entry.second, digest); });
}

bool MemoryMetadataStore::Repository::keeps_blob(const Digest& digest) const {
  return std::ranges::any_of(
      deleted, [&](const auto& entry) { return has_blob(entry.second.manifest, digest); });
}

bool MemoryMetadataStore::Repository::lists(const Digest& digest) const {
  return std::ranges::any_of(manifests, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.edges, [&](const Edge& edge) {
      return edge.kind == EdgeKind::kManifest && edge.target.digest == digest;
    });
  });
}

const MemoryMetadataStore::Repository* MemoryMetadataStore::State::find(
    const RepositoryName& name) const {
  const auto found = repositories.find(name);
  return found == repositories.end() ? nullptr : &found->second;
}

const Manifest* MemoryMetadataStore::State::find(const RepositoryName& name,
                                                 const Reference& reference) const {
  const Repository* repository = find(name);
  if (repository == nullptr) {
    return nullptr;
  }
  const Digest* digest = std::get_if<Digest>(&reference);
  if (digest == nullptr) {
    const auto tag = repository->tags.find(std::get<Tag>(reference));
    if (tag == repository->tags.end()) {
      return nullptr;
    }
    digest = &tag->second;
  }
  const auto manifest = repository->manifests.find(*digest);
  return manifest == repository->manifests.end() ? nullptr : &manifest->second;
}

std::optional<std::uint64_t> MemoryMetadataStore::State::size_of(const RepositoryName& name,
                                                                 const Edge& edge) const {
  const Digest& digest = edge.target.digest;
  if (points_at_manifest(edge.kind)) {
    const Manifest* manifest = find(name, digest);
    return manifest == nullptr ? std::nullopt : std::optional(manifest->descriptor.size);
  }
  const Repository* repository = find(name);
  if (repository == nullptr || !repository->shows(digest)) {
    return std::nullopt;
  }
  return repository->blobs.at(digest);
}

std::optional<Digest> MemoryMetadataStore::State::named(const RepositoryName& name,
                                                        const Reference& reference) const {
  const Manifest* manifest = find(name, reference);
  return manifest == nullptr ? std::nullopt : std::optional(manifest->descriptor.digest);
}

bool MemoryMetadataStore::State::is_linked(const Digest& blob) const {
  return std::ranges::any_of(repositories,
                             [&](const auto& entry) { return entry.second.blobs.contains(blob); });
}

std::vector<RepositoryName> MemoryMetadataStore::State::names() const {
  std::vector<RepositoryName> names;
  for (const auto& [name, repository] : repositories) {
    if (repository.exists()) {
      names.push_back(name);
    }
  }
  return names;
}

// --- uploads and commits ---

Result<void> MemoryMetadataStore::open_upload(const UploadRow& row) {
  state_.lock()->uploads.insert_or_assign(row.id, row);
  return {};
}

Result<void> MemoryMetadataStore::close_upload(const UploadId& id) {
  state_.lock()->uploads.erase(id);
  return {};
}

Sequence MemoryMetadataStore::settle(State& state) const {
  const Time now = clock_.now();
  const auto lease = [&](const std::string& repository, const Digest& digest, bool runs, Time due) {
    if (runs) {
      state.leases.try_emplace({repository, digest}, due);
    } else {
      state.leases.erase({repository, digest});
    }
  };
  for (const auto& [digest, size] : state.blobs) {
    lease("", digest, !state.is_linked(digest), now + lease_);
    for (auto& [name, repository] : state.repositories) {
      const bool named = repository.names_blob(digest);
      if (named) repository.hidden.erase(digest);
      const bool hidden = repository.hidden.contains(digest);
      lease(
          name.str(), digest,
          repository.blobs.contains(digest) && !named && !(hidden && repository.keeps_blob(digest)),
          hidden ? now : now + lease_);
    }
  }
  return state.sequence;
}

Sequence MemoryMetadataStore::link(State& state, const RepositoryName& repository,
                                   const Digest& digest, std::uint64_t size) const {
  ++state.sequence;
  state.blobs.emplace(digest, size);
  state.repositories[repository].blobs.emplace(digest, size);
  state.repositories[repository].hidden.erase(digest);
  state.leases.erase({repository.str(), digest});  // so that it begins anew
  return settle(state);
}

Result<Sequence> MemoryMetadataStore::link_blob(const LinkBlob& request) {
  const auto state = state_.lock();
  const auto stored = state->blobs.find(request.digest);
  if (stored != state->blobs.end() && stored->second != request.size) {
    return Error{Errc::kCorrupt, request.digest.str() + " is recorded with another size"};
  }
  SHALE_TRY(demand_room(*state, request.repository, request.digest, request.size));
  if (request.upload) {
    state->uploads.erase(*request.upload);
  }
  if (request.bytes) {
    state->small_blobs.insert_or_assign(request.digest, *request.bytes);
  }
  return link(*state, request.repository, request.digest, request.size);
}

Result<Sequence> MemoryMetadataStore::mount_blob(const RepositoryName& from,
                                                 const RepositoryName& to, const Digest& digest) {
  const auto state = state_.lock();
  const Repository* source = state->find(from);
  if (source == nullptr || !source->shows(digest)) {
    return Error{Errc::kBlobUnknown, digest.str() + " is not in " + from.str()};
  }
  SHALE_TRY(demand_room(*state, to, digest, source->blobs.at(digest)));
  return link(*state, to, digest, source->blobs.at(digest));
}

void MemoryMetadataStore::move_tag(State& state, const RepositoryName& repository, const Tag& tag,
                                   const std::optional<Digest>& digest,
                                   const std::string& actor) const {
  auto& tags = state.repositories[repository].tags;
  const auto found = tags.find(tag);
  if (found != tags.end() && digest && found->second == *digest) {
    return;
  }
  const std::optional<Digest> left =
      found == tags.end() ? std::nullopt : std::optional(found->second);
  if (digest) {
    tags.insert_or_assign(tag, *digest);
  } else {
    tags.erase(tag);
  }
  state.history[{repository, tag}].push_back({state.sequence, clock_.now(), actor, digest});
  if (left) doom_untagged(state.repositories[repository], *left, untagged_until(repository));
}

Result<Sequence> MemoryMetadataStore::put_manifest(const PutManifest& request) {
  const auto state = state_.lock();
  ReferenceCheck check(request);
  for (const Edge& edge : request.manifest.edges) {
    if (ReferenceCheck::concerns(edge)) {
      check.look_at(edge, state->size_of(request.repository, edge));
    }
  }
  SHALE_TRY(std::move(check).verdict());
  const Digest& digest = request.manifest.descriptor.digest;
  for (const Tag& tag : request.tags) {
    const auto named = state->named(request.repository, tag);
    SHALE_TRY(demand_move(tag, named, digest, request.tag_moves, request.condition));
  }
  if (request.tags.empty()) {
    SHALE_TRY(demand(request.condition, "the manifest", state->named(request.repository, digest)));
  }
  for (const Tag& tag : request.tags) {
    const Manifest* named = state->find(request.repository, tag);
    if (named != nullptr && named->descriptor.digest != digest) {
      SHALE_TRY(demand_movable(policy_, request.repository, tag));
    }
  }
  SHALE_TRY(demand_room(*state, request));
  ++state->sequence;
  Repository& repository = state->repositories[request.repository];
  repository.manifests.insert_or_assign(digest, request.manifest);
  repository.pushed.insert_or_assign(digest, clock_.now());
  repository.deleted.erase(digest);
  if (repository.untagged.erase(digest) > 0 && request.tags.empty()) {
    if (const auto due = untagged_until(request.repository)) {
      repository.untagged.emplace(digest, *due);
    }
  }
  for (const Edge& edge : request.manifest.edges) {
    if (edge.kind == EdgeKind::kManifest) repository.untagged.erase(edge.target.digest);
  }
  for (const Tag& tag : request.tags) {
    move_tag(*state, request.repository, tag, digest, request.actor);
  }
  return settle(*state);
}

Result<Sequence> MemoryMetadataStore::delete_tag(const RepositoryName& repository, const Tag& tag,
                                                 const By& by) {
  const auto state = state_.lock();
  SHALE_TRY(demand(by.condition, "the tag " + tag.str(), state->named(repository, tag)));
  if (state->find(repository, tag) == nullptr) {
    return Error{Errc::kManifestUnknown, "no tag " + tag.str() + " in " + repository.str()};
  }
  SHALE_TRY(demand_movable(policy_, repository, tag));
  ++state->sequence;
  move_tag(*state, repository, tag, std::nullopt, by.actor);
  return settle(*state);
}

Result<Sequence> MemoryMetadataStore::delete_manifest(const RepositoryName& repository,
                                                      const Digest& digest, const By& by) {
  const auto state = state_.lock();
  SHALE_TRY(demand(by.condition, "the manifest", state->named(repository, digest)));
  if (state->find(repository, digest) == nullptr) {
    return Error{Errc::kManifestUnknown, digest.str() + " is not in " + repository.str()};
  }
  const auto tags = state->repositories[repository].tags;
  if (by.as_seen) {
    const Repository& found = state->repositories[repository];
    AsSeen now{.pushed = found.pushed.at(digest), .pulled = std::nullopt, .tags = {}};
    if (found.pulled.contains(digest)) now.pulled = found.pulled.at(digest);
    for (const auto& [tag, target] : tags) {
      if (target == digest) now.tags.push_back(tag);
    }
    SHALE_TRY(demand_as_seen(*by.as_seen, now, found.lists(digest)));
  }
  for (const auto& [tag, target] : tags) {
    if (target == digest) SHALE_TRY(demand_movable(policy_, repository, tag));
  }
  ++state->sequence;
  std::vector<Tag> gone;
  for (const auto& [tag, target] : tags) {
    if (target == digest) {
      move_tag(*state, repository, tag, std::nullopt, by.actor);
      gone.push_back(tag);
    }
  }
  take_away(*state, repository, digest, std::move(gone), by);
  return settle(*state);
}

Result<Sequence> MemoryMetadataStore::delete_blob(const RepositoryName& repository,
                                                  const Digest& digest, Synced /*synced*/) {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr || !found->shows(digest)) {
    return Error{Errc::kBlobUnknown, digest.str() + " is not in " + repository.str()};
  }
  if (found->names_blob(digest)) {
    return Error{Errc::kBlobReferenced,
                 digest.str() + " is named by a manifest of " + repository.str()};
  }
  ++state->sequence;
  if (found->keeps_blob(digest)) {
    state->repositories[repository].hidden.insert(digest);
  } else {
    state->repositories[repository].blobs.erase(digest);
  }
  return settle(*state);
}

}  // namespace shale::index
