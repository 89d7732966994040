#include <utility>

#include "server/index/reference_check.h"
#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

// Manifests that go: into the history, back from it, and for good.

namespace shale::index::rocks {

using namespace std::chrono_literals;
using Outcome = Collected::Outcome;

namespace {

Doomed doomed_history(const RepositoryName& repository, const Digest& digest, Time due) {
  return {due, Doomed::Kind::kDeleted, repository.str(), digest};
}

std::set<Digest> blobs_among(const std::vector<std::pair<EdgeKind, Digest>>& edges) {
  std::set<Digest> blobs;
  for (const auto& [kind, child] : edges) {
    if (!points_at_manifest(keys::of_present(kind))) {
      blobs.insert(child);
    }
  }
  return blobs;
}

}  // namespace

Result<void> Commit::demand_unused(const RepositoryName& repository, const Digest& digest,
                                   const ManifestLinkRow& link, const AsSeen& seen) const {
  AsSeen now{.pushed = link.time, .pulled = std::nullopt, .tags = {}};
  SHALE_TRY_ASSIGN(const auto pull,
                   view_.row<PullRow>(Family::kPulls, keys::link(repository, digest)));
  if (pull) {
    now.pulled = pull->time;
  }
  SHALE_TRY_ASSIGN(now.tags, tags_of(repository, digest));
  const Scan indexes(view_, Family::kEdgesTo,
                     keys::edges_to(repository, digest, EdgeKind::kManifest));
  SHALE_TRY(indexes.status());
  return demand_as_seen(seen, now, indexes.valid());
}

Result<void> Commit::delete_manifest(const RepositoryName& repository, const Digest& digest,
                                     const By& by) {
  const std::string key = keys::link(repository, digest);
  SHALE_TRY_ASSIGN(const auto link, view_.row<ManifestLinkRow>(Family::kManifestLinks, key));
  SHALE_TRY(demand(by.condition, "the manifest", link ? std::optional(digest) : std::nullopt));
  if (!link) {
    return Error{Errc::kManifestUnknown, digest.str() + " is not in " + repository.str()};
  }
  if (by.as_seen) {
    SHALE_TRY(demand_unused(repository, digest, *link, *by.as_seen));
  }
  SHALE_TRY_ASSIGN(const auto tags, tags_of(repository, digest));
  for (const Tag& tag : tags) {
    SHALE_TRY(erase_tag(repository, tag, digest, by.actor));
  }
  put_manifest_link(repository, digest, *link, std::nullopt);  // so that it is not doomed
  erase(Family::kManifestLinks, key);
  erase(Family::kPulls, key);
  --usage_[repository.str()].manifests;

  SHALE_TRY_ASSIGN(const Rows edges, edges_of(repository, digest));
  for (const Digest& blob : blobs_among(edges)) {
    SHALE_TRY(release(repository, blob, digest));
  }
  SHALE_TRY(doom_dependants(repository, digest, edges));
  const auto window = by.for_good || !policy_.history ? 0ms : policy_.history(repository);
  if (window > 0ms) {
    return keep(repository, digest, *link, edges, tags, by, now_ + window);
  }
  for (const auto& [kind, child] : edges) {
    erase_edge(repository, digest, kind, child);
  }
  return lose_manifest(repository, digest, link->size);
}

/// Its row moves to the history, and its edges are marked; it goes on to hold its bytes.
Result<void> Commit::keep(const RepositoryName& repository, const Digest& digest,
                          const ManifestLinkRow& link, const Rows& edges,
                          const std::vector<Tag>& tags, const By& by, Time due) {
  DeletedRow row{.link = link,
                 .deleted = now_,
                 .due = due,
                 .actor = by.actor,
                 .operation = by.operation.value_or(sequence_),
                 .tags = {}};
  for (const Tag& tag : tags) {
    row.tags.push_back(tag.str());
  }
  put(Family::kDeleted, keys::link(repository, digest), row);
  put(Family::kDoomed, keys::doomed(doomed_history(repository, digest, due)), EmptyRow{});
  usage_[repository.str()].pinned += static_cast<std::int64_t>(link.size);
  return mark_edges(repository, digest, edges, keys::of_deleted);
}

/// Both directions of each edge, with what they say, under another kind.
Result<void> Commit::mark_edges(const RepositoryName& repository, const Digest& parent,
                                const Rows& edges, EdgeKind (*mark)(EdgeKind)) {
  for (const auto& [kind, child] : edges) {
    const std::string forth = keys::edge(repository, parent, kind, child);
    const std::string back = keys::edge_to(repository, child, kind, parent);
    SHALE_TRY_ASSIGN(const auto edge, view_.get(Family::kEdges, forth));
    SHALE_TRY_ASSIGN(const auto reverse, view_.get(Family::kEdgesTo, back));
    if (!edge || !reverse) {
      return Error{Errc::kCorrupt, "an edge of " + parent.str() + " goes one way only"};
    }
    erase_edge(repository, parent, kind, child);
    put_bytes(Family::kEdges, keys::edge(repository, parent, mark(kind), child), *edge);
    put_bytes(Family::kEdgesTo, keys::edge_to(repository, child, mark(kind), parent), *reverse);
  }
  return {};
}

Result<void> Commit::restore_manifest(const RestoreManifest& request) {
  const RepositoryName& repository = request.repository;
  const Digest& digest = request.digest;
  SHALE_TRY_ASSIGN(const auto deleted,
                   view_.row<DeletedRow>(Family::kDeleted, keys::link(repository, digest)));
  if (!deleted) {
    return Error{Errc::kManifestUnknown,
                 digest.str() + " is not in the history of " + repository.str()};
  }
  for (const Tag& tag : request.tags) {
    SHALE_TRY_ASSIGN(const auto named, named_by(repository, tag));
    SHALE_TRY(demand_move(tag, named, digest, TagMoves::kNewOnly, {}));
  }
  drop_deleted(repository, digest, *deleted);
  put_manifest_link(repository, digest, deleted->link, std::nullopt);
  ++usage_[repository.str()].manifests;
  SHALE_TRY_ASSIGN(const Rows edges, edges_of(repository, digest));
  SHALE_TRY(mark_edges(repository, digest, edges, keys::of_present));
  for (const Digest& blob : blobs_among(edges)) {
    SHALE_TRY(spare(repository, blob));
  }
  for (const auto& [kind, child] : edges) {
    if (keys::of_present(kind) == EdgeKind::kManifest) {
      SHALE_TRY(spare_manifest(repository, child));
    }
  }
  for (const Tag& tag : std::set<Tag>(request.tags.begin(), request.tags.end())) {
    SHALE_TRY(put_tag(repository, tag, digest, request.actor));
  }
  return {};
}

/// Whatever comes after the history. The edges are left to the caller.
void Commit::drop_deleted(const RepositoryName& repository, const Digest& digest,
                          const DeletedRow& deleted) {
  erase(Family::kDeleted, keys::link(repository, digest));
  erase(Family::kDoomed, keys::doomed(doomed_history(repository, digest, deleted.due)));
  usage_[repository.str()].pinned -= static_cast<std::int64_t>(deleted.link.size);
}

Result<Collected> Commit::collect_deleted(const Doomed& doomed) {
  const Digest& digest = doomed.digest;
  SHALE_TRY_ASSIGN(const auto repository, RepositoryName::parse(doomed.repository));
  SHALE_TRY_ASSIGN(const auto deleted,
                   view_.row<DeletedRow>(Family::kDeleted, keys::link(repository, digest)));
  if (!deleted || deleted->due != doomed.due) {
    erase(Family::kDoomed, keys::doomed(doomed));
    return Collected{};
  }
  drop_deleted(repository, digest, *deleted);
  SHALE_TRY_ASSIGN(const Rows edges, edges_of(repository, digest));
  for (const auto& [kind, child] : edges) {
    erase_edge(repository, digest, kind, child);
  }
  for (const Digest& blob : blobs_among(edges)) {
    SHALE_TRY(release(repository, blob, digest));
  }
  const std::int64_t before = store_usage_.bytes;
  SHALE_TRY(lose_manifest(repository, digest, deleted->link.size));
  return Collected{Outcome::kManifest, static_cast<std::uint64_t>(before - store_usage_.bytes)};
}

/// For a blob that loses an edge from `besides`. One that is not linked has nothing to lose
/// (sparse and non-distributable layers); one that waits for the end of its lease waits on.
Result<void> Commit::release(const RepositoryName& repository, const Digest& blob,
                             const Digest& besides) {
  SHALE_TRY_ASSIGN(const auto link, find_link(repository, blob));
  if (!link || link->due) {
    return {};
  }
  if (link->hidden) {
    SHALE_TRY_ASSIGN(const bool kept, is_kept(view_, repository, blob, &besides));
    if (!kept) {
      put_link(repository, blob, *link, now_);  // nobody could have learnt of it lately
    }
    return {};
  }
  SHALE_TRY_ASSIGN(const bool named, is_named(repository, blob, &besides));
  if (!named) {
    put_link(repository, blob, *link, due_);
  }
  return {};
}

/// With its bytes, where it was the last that had them.
Result<void> Commit::lose_manifest(const RepositoryName& repository, const Digest& digest,
                                   std::uint64_t size) {
  SHALE_TRY_ASSIGN(const bool shared,
                   lose_holder(Family::kManifestRepositories, repository, digest, size));
  if (!shared) {
    erase(Family::kManifests, keys::content(digest));
    --store_usage_.manifests;
    store_usage_.bytes -= static_cast<std::int64_t>(size);
  }
  return {};
}

}  // namespace shale::index::rocks
