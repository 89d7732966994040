#include "server/index/memory_metadata_store.h"

#include <algorithm>

#include "server/index/reference_check.h"
#include "server/index/referrer_page.h"

namespace shale::index {

bool MemoryMetadataStore::Repository::names_blob(const Digest& digest) const {
  return std::ranges::any_of(manifests, [&](const auto& entry) {
    const auto& edges = entry.second.edges;
    return std::ranges::any_of(edges, [&](const Edge& edge) {
      return !points_at_manifest(edge.kind) && edge.target.digest == digest;
    });
  });
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
  if (repository == nullptr || !repository->blobs.contains(digest)) {
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

namespace {

/// What stands strictly after `after`, up to `limit` of it.
template <class Names>
auto page_of(const Names& names, std::string_view after, std::size_t limit) {
  Page<typename Names::value_type> page;
  for (const auto& name : names) {
    if (name.str() <= after) {
      continue;
    }
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.items.push_back(name);
  }
  return page;
}

}  // namespace

// --- reads ---

Result<Descriptor> MemoryMetadataStore::find_manifest(const RepositoryName& repository,
                                                      const Reference& reference) const {
  SHALE_TRY_ASSIGN(const StoredManifest manifest, read_manifest(repository, reference));
  return manifest.descriptor;
}

Result<StoredManifest> MemoryMetadataStore::read_manifest(const RepositoryName& repository,
                                                          const Reference& reference) const {
  const auto state = state_.lock();
  const Manifest* manifest = state->find(repository, reference);
  if (manifest == nullptr) {
    return Error{Errc::kManifestUnknown, "no such manifest in " + repository.str()};
  }
  return StoredManifest{manifest->descriptor, manifest->bytes};
}

Result<BlobLink> MemoryMetadataStore::find_blob(const RepositoryName& repository,
                                                const Digest& digest) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr || !found->blobs.contains(digest)) {
    return Error{Errc::kBlobUnknown, digest.str() + " is not in " + repository.str()};
  }
  return BlobLink{digest, found->blobs.at(digest),
                  state->leases.contains({repository.str(), digest})};
}

Result<std::optional<std::string>> MemoryMetadataStore::read_small_blob(
    const Digest& digest) const {
  const auto state = state_.lock();
  const auto found = state->small_blobs.find(digest);
  return found == state->small_blobs.end() ? std::nullopt : std::optional(found->second);
}

Result<bool> MemoryMetadataStore::repository_exists(const RepositoryName& repository) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  return found != nullptr && found->exists();
}

Result<UploadRow> MemoryMetadataStore::find_upload(const UploadId& id) const {
  const auto state = state_.lock();
  const auto found = state->uploads.find(id);
  if (found == state->uploads.end()) {
    return Error{Errc::kUploadUnknown, "no upload " + id.str()};
  }
  return found->second;
}

Result<Usage> MemoryMetadataStore::usage(const RepositoryName& repository) const {
  return state_.lock()->usage_of(repository);
}

Usage MemoryMetadataStore::State::usage_of(const RepositoryName& name) const {
  Usage usage;
  const Repository* found = find(name);
  if (found == nullptr) {
    return usage;
  }
  usage.manifests = static_cast<std::int64_t>(found->manifests.size());
  usage.tags = static_cast<std::int64_t>(found->tags.size());
  usage.blobs = static_cast<std::int64_t>(found->blobs.size());
  const auto count = [&](std::uint64_t size, auto has) {
    const auto holders =
        std::ranges::count_if(repositories, [&](const auto& entry) { return has(entry.second); });
    usage.logical += static_cast<std::int64_t>(size);
    usage.unique += holders == 1 ? static_cast<std::int64_t>(size) : 0;
  };
  for (const auto& [digest, manifest] : found->manifests) {
    count(manifest.bytes.size(), [&](const Repository& r) { return r.manifests.contains(digest); });
  }
  for (const auto& [digest, size] : found->blobs) {
    count(size, [&](const Repository& r) { return r.blobs.contains(digest); });
  }
  return usage;
}

Result<StoreUsage> MemoryMetadataStore::store_usage() const {
  const auto state = state_.lock();
  std::map<Digest, std::uint64_t> manifests;
  for (const auto& [name, repository] : state->repositories) {
    for (const auto& [digest, manifest] : repository.manifests) {
      manifests.emplace(digest, manifest.bytes.size());
    }
  }
  StoreUsage usage;
  usage.repositories = static_cast<std::int64_t>(state->names().size());
  usage.manifests = static_cast<std::int64_t>(manifests.size());
  usage.blobs = static_cast<std::int64_t>(state->blobs.size());
  const auto add = [&](const auto& entry) {
    usage.bytes += static_cast<std::int64_t>(entry.second);
  };
  std::ranges::for_each(manifests, add);
  std::ranges::for_each(state->blobs, add);
  return usage;
}

Sequence MemoryMetadataStore::sequence() const {
  return state_.lock()->sequence;
}

Result<Page<Tag>> MemoryMetadataStore::list_tags(const RepositoryName& repository,
                                                 std::string_view after, std::size_t limit) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr || !found->exists()) {
    return Error{Errc::kNameUnknown, "no repository " + repository.str()};
  }
  std::vector<Tag> tags;
  tags.reserve(found->tags.size());
  for (const auto& [tag, digest] : found->tags) {
    tags.push_back(tag);
  }
  return page_of(tags, after, limit);
}

Result<Page<RepositoryName>> MemoryMetadataStore::list_repositories(std::string_view after,
                                                                    std::size_t limit) const {
  return page_of(state_.lock()->names(), after, limit);
}

Result<Page<Referrer>> MemoryMetadataStore::list_referrers(const RepositoryName& repository,
                                                           const Digest& subject,
                                                           const ReferrersQuery& query) const {
  const auto state = state_.lock();
  ReferrerPage page(query);
  const Repository* found = state->find(repository);
  if (found == nullptr) {
    return std::move(page).take();
  }
  for (const auto& [digest, manifest] : found->manifests) {
    const bool refers = std::ranges::any_of(manifest.edges, [&](const Edge& edge) {
      return edge.kind == EdgeKind::kSubject && edge.target.digest == subject;
    });
    if (!refers || (query.after && digest <= *query.after)) {
      continue;
    }
    if (!page.offer({manifest.descriptor, manifest.artifact_type, manifest.annotations})) {
      break;
    }
  }
  return std::move(page).take();
}

Result<Page<RepositoryName>> MemoryMetadataStore::list_repositories_of_blob(
    const Digest& digest, std::string_view after, std::size_t limit) const {
  const auto state = state_.lock();
  std::vector<RepositoryName> names;
  for (const auto& [name, repository] : state->repositories) {
    if (repository.blobs.contains(digest)) {
      names.push_back(name);
    }
  }
  return page_of(names, after, limit);
}

Result<std::vector<TagMove>> MemoryMetadataStore::tag_history(const RepositoryName& repository,
                                                              const Tag& tag,
                                                              std::size_t limit) const {
  const auto state = state_.lock();
  std::vector<TagMove> moves;
  if (const auto found = state->history.find({repository, tag}); found != state->history.end()) {
    moves.assign(found->second.rbegin(), found->second.rend());
  }
  if (moves.size() > limit) {
    moves.erase(moves.begin() + static_cast<std::ptrdiff_t>(limit), moves.end());
  }
  return moves;
}

Result<std::vector<Doomed>> MemoryMetadataStore::list_doomed(Time now, std::size_t limit) const {
  const auto state = state_.lock();
  std::set<Doomed> due;
  for (const auto& [what, time] : state->leases) {
    const auto& [repository, digest] = what;
    if (time <= now) {
      const auto kind = repository.empty() ? Doomed::Kind::kBlob : Doomed::Kind::kLink;
      due.insert(Doomed{time, kind, repository, digest});
    }
  }
  for (const auto& [digest, times] : state->files) {
    for (const Time time : times) {
      if (time <= now) due.insert(Doomed{time, Doomed::Kind::kFile, "", digest});
    }
  }
  std::vector<Doomed> first;
  std::copy_n(due.begin(), std::min(limit, due.size()), std::back_inserter(first));
  return first;
}

Result<std::vector<UploadRow>> MemoryMetadataStore::list_uploads() const {
  const auto state = state_.lock();
  std::vector<UploadRow> rows;
  for (const auto& [id, row] : state->uploads) {
    rows.push_back(row);
  }
  return rows;
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
  const Time due = clock_.now() + lease_;
  const auto lease = [&](const std::string& repository, const Digest& digest, bool runs) {
    if (runs) {
      state.leases.try_emplace({repository, digest}, due);
    } else {
      state.leases.erase({repository, digest});
    }
  };
  for (const auto& [digest, size] : state.blobs) {
    lease("", digest, !state.is_linked(digest));
    for (const auto& [name, repository] : state.repositories) {
      lease(name.str(), digest,
            repository.blobs.contains(digest) && !repository.names_blob(digest));
    }
  }
  return state.sequence;
}

Sequence MemoryMetadataStore::link(State& state, const RepositoryName& repository,
                                   const Digest& digest, std::uint64_t size) const {
  ++state.sequence;
  state.blobs.emplace(digest, size);
  state.repositories[repository].blobs.emplace(digest, size);
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
  if (source == nullptr || !source->blobs.contains(digest)) {
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
  if (digest) {
    tags.insert_or_assign(tag, *digest);
  } else {
    tags.erase(tag);
  }
  state.history[{repository, tag}].push_back({state.sequence, clock_.now(), actor, digest});
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
  state->repositories[request.repository].manifests.insert_or_assign(digest, request.manifest);
  state->repositories[request.repository].pushed.insert_or_assign(digest, clock_.now());
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
  for (const auto& [tag, target] : tags) {
    if (target == digest) {
      move_tag(*state, repository, tag, std::nullopt, by.actor);
    }
  }
  state->repositories[repository].manifests.erase(digest);
  state->repositories[repository].pushed.erase(digest);
  state->repositories[repository].pulled.erase(digest);
  return settle(*state);
}

Result<Sequence> MemoryMetadataStore::delete_blob(const RepositoryName& repository,
                                                  const Digest& digest) {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr || !found->blobs.contains(digest)) {
    return Error{Errc::kBlobUnknown, digest.str() + " is not in " + repository.str()};
  }
  if (found->names_blob(digest)) {
    return Error{Errc::kBlobReferenced,
                 digest.str() + " is named by a manifest of " + repository.str()};
  }
  ++state->sequence;
  state->repositories[repository].blobs.erase(digest);
  return settle(*state);
}

}  // namespace shale::index
