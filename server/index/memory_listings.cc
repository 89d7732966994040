#include <algorithm>

#include "server/index/memory_metadata_store.h"

namespace shale::index {

Result<Page<ListedManifest>> MemoryMetadataStore::list_manifests(const RepositoryName& repository,
                                                                 const std::optional<Digest>& after,
                                                                 std::size_t limit) const {
  const auto state = state_.lock();
  Page<ListedManifest> page;
  const Repository* found = state->find(repository);
  if (found == nullptr) {
    return page;
  }
  for (const auto& [digest, manifest] : found->manifests) {
    if (after && digest <= *after) {
      continue;
    }
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    const auto pulled = found->pulled.find(digest);
    page.items.push_back(
        {.descriptor = manifest.descriptor,
         .artifact_type = manifest.artifact_type,
         .pushed = found->pushed.at(digest),
         .pulled = pulled == found->pulled.end() ? std::nullopt : std::optional(pulled->second)});
  }
  return page;
}

Result<std::vector<Tag>> MemoryMetadataStore::list_tags_of(const RepositoryName& repository,
                                                           const Digest& digest) const {
  const auto state = state_.lock();
  std::vector<Tag> tags;
  if (const Repository* found = state->find(repository)) {
    for (const auto& [tag, target] : found->tags) {
      if (target == digest) tags.push_back(tag);
    }
  }
  return tags;
}

Result<std::vector<Edge>> MemoryMetadataStore::list_edges(const RepositoryName& repository,
                                                          const Digest& digest) const {
  const auto state = state_.lock();
  const Manifest* manifest = state->find(repository, digest);
  if (const Repository* found = state->find(repository);
      found != nullptr && found->deleted.contains(digest)) {
    manifest = &found->deleted.at(digest).manifest;
  }
  if (manifest == nullptr) {
    return std::vector<Edge>();
  }
  std::map<std::pair<EdgeKind, Digest>, Edge> edges;  // of those that stand twice, the first
  for (const Edge& edge : manifest->edges) {
    edges.try_emplace({edge.kind, edge.target.digest}, edge);
  }
  std::vector<Edge> listed;
  listed.reserve(edges.size());
  for (const auto& [key, edge] : edges) {
    listed.push_back(edge);
  }
  return listed;
}

Result<std::vector<Parent>> MemoryMetadataStore::list_parents(const RepositoryName& repository,
                                                              const Digest& digest) const {
  const auto state = state_.lock();
  std::set<std::pair<EdgeKind, Digest>> named;
  if (const Repository* found = state->find(repository)) {
    for (const auto& [parent, manifest] : found->manifests) {
      for (const Edge& edge : manifest.edges) {
        if (edge.target.digest == digest) named.emplace(edge.kind, parent);
      }
    }
  }
  std::vector<Parent> parents;
  parents.reserve(named.size());
  for (const auto& [kind, parent] : named) {
    parents.push_back({kind, parent});
  }
  return parents;
}

Result<void> MemoryMetadataStore::record_pulls(const std::vector<Pull>& pulls) {
  const auto state = state_.lock();
  for (const Pull& pull : pulls) {
    if (state->find(pull.repository, pull.digest) == nullptr) {
      continue;
    }
    auto& known = state->repositories[pull.repository].pulled;
    const auto [entry, fresh] = known.try_emplace(pull.digest, pull.time);
    entry->second = std::max(entry->second, pull.time);
  }
  return {};
}

namespace {

/// What stands strictly after `after` in a map by digest, up to `limit` of it.
template <class Item, class Map, class Make>
Page<Item> digests_after(const Map& map, const std::optional<Digest>& after, std::size_t limit,
                         Make make) {
  Page<Item> page;
  for (auto at = after ? map.upper_bound(*after) : map.begin(); at != map.end(); ++at) {
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.items.push_back(make(*at));
  }
  return page;
}

}  // namespace

Result<Page<BlobLink>> MemoryMetadataStore::list_links(const RepositoryName& repository,
                                                       const std::optional<Digest>& after,
                                                       std::size_t limit) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr) return Page<BlobLink>();
  std::map<Digest, std::uint64_t> shown = found->blobs;
  std::erase_if(shown, [&](const auto& entry) { return found->hidden.contains(entry.first); });
  return digests_after<BlobLink>(shown, after, limit, [&](const auto& entry) {
    return BlobLink{entry.first, entry.second,
                    state->leases.contains({repository.str(), entry.first})};
  });
}

Result<Page<DeletedManifest>> MemoryMetadataStore::list_deleted(const RepositoryName& repository,
                                                                const std::optional<Digest>& after,
                                                                std::size_t limit) const {
  const auto state = state_.lock();
  const Repository* found = state->find(repository);
  if (found == nullptr) return Page<DeletedManifest>();
  return digests_after<DeletedManifest>(found->deleted, after, limit,
                                        [](const auto& entry) { return entry.second.row; });
}

Result<Page<StoredBlob>> MemoryMetadataStore::list_blobs(const std::optional<Digest>& after,
                                                         std::size_t limit) const {
  const auto state = state_.lock();
  return digests_after<StoredBlob>(state->blobs, after, limit, [&](const auto& entry) {
    return StoredBlob{entry.first, entry.second, state->small_blobs.contains(entry.first)};
  });
}

}  // namespace shale::index
