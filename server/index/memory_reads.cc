#include <algorithm>
#include <set>

#include "server/index/memory_metadata_store.h"
#include "server/index/referrer_page.h"

namespace shale::index {

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
  if (found == nullptr || !found->shows(digest)) {
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

Result<std::optional<StoredBlob>> MemoryMetadataStore::find_stored_blob(
    const Digest& digest) const {
  const auto state = state_.lock();
  const auto found = state->blobs.find(digest);
  if (found == state->blobs.end()) return std::optional<StoredBlob>();
  return std::optional(StoredBlob{digest, found->second, state->small_blobs.contains(digest)});
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
  usage.blobs = static_cast<std::int64_t>(found->blobs.size() - found->hidden.size());
  const auto count = [&](std::uint64_t size, bool pinned, auto has) {
    const auto holders =
        std::ranges::count_if(repositories, [&](const auto& entry) { return has(entry.second); });
    const auto bytes = static_cast<std::int64_t>(size);
    usage.logical += bytes;
    usage.unique += holders == 1 ? bytes : 0;
    usage.pinned += pinned ? bytes : 0;
  };
  const auto count_manifest = [&](const Manifest& manifest, bool pinned) {
    const Digest& digest = manifest.descriptor.digest;
    count(manifest.bytes.size(), pinned, [&](const Repository& r) {
      return r.manifests.contains(digest) || r.deleted.contains(digest);
    });
  };
  for (const auto& [digest, manifest] : found->manifests) {
    count_manifest(manifest, false);
  }
  for (const auto& [digest, deleted] : found->deleted) {
    count_manifest(deleted.manifest, true);
  }
  for (const auto& [digest, size] : found->blobs) {
    count(size, found->hidden.contains(digest),
          [&](const Repository& r) { return r.blobs.contains(digest); });
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
    for (const auto& [digest, deleted] : repository.deleted) {
      manifests.emplace(digest, deleted.manifest.bytes.size());
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
    if (repository.shows(digest)) {
      names.push_back(name);
    }
  }
  return page_of(names, after, limit);
}

Result<bool> MemoryMetadataStore::is_held_elsewhere(const RepositoryName& repository,
                                                    const Digest& digest) const {
  const auto state = state_.lock();
  return std::ranges::any_of(state->repositories, [&](const auto& entry) {
    const Repository& other = entry.second;
    return entry.first != repository &&
           (other.blobs.contains(digest) || other.manifests.contains(digest) ||
            other.deleted.contains(digest));
  });
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

Result<std::vector<Doomed>> MemoryMetadataStore::list_doomed(Time now, std::size_t limit,
                                                             const DoomedQuery& query) const {
  const auto state = state_.lock();
  std::set<Doomed> due;
  for (const auto& [name, repository] : state->repositories) {
    for (const auto& [digest, deleted] : repository.deleted) {
      due.insert(Doomed{deleted.row.due, Doomed::Kind::kDeleted, name.str(), digest});
    }
    for (const auto& [digest, time] : repository.untagged) {
      due.insert(Doomed{time, Doomed::Kind::kUntagged, name.str(), digest});
    }
  }
  for (const auto& [what, time] : state->leases) {
    const auto& [repository, digest] = what;
    const auto kind = repository.empty() ? Doomed::Kind::kBlob : Doomed::Kind::kLink;
    due.insert(Doomed{time, kind, repository, digest});
  }
  for (const auto& [digest, times] : state->files) {
    for (const Time time : times) {
      due.insert(Doomed{time, Doomed::Kind::kFile, "", digest});
    }
  }
  std::erase_if(due, [&](const Doomed& row) {
    return row.due > (is_leased(row.kind) ? now + query.early : now) ||
           (query.after && row <= *query.after);
  });
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

}  // namespace shale::index
