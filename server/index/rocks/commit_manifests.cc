#include <cassert>
#include <ranges>

#include "server/index/reference_check.h"
#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

namespace shale::index::rocks {

namespace {

template <class Row>
Result<std::optional<std::uint64_t>> size_in(const View& view, Family links,
                                             const std::string& key) {
  SHALE_TRY_ASSIGN(const std::optional<Row> row, view.row<Row>(links, key));
  return row ? std::optional(row->size) : std::nullopt;
}

}  // namespace

/// An error unless all that must exist does, and all that exists is as it is described.
Result<void> Commit::demand_references(const PutManifest& request) const {
  ReferenceCheck check(request);
  for (const Edge& edge : request.manifest.edges) {
    if (!ReferenceCheck::concerns(edge)) {
      continue;
    }
    const std::string key = keys::link(request.repository, edge.target.digest);
    SHALE_TRY_ASSIGN(const auto size,
                     points_at_manifest(edge.kind)
                         ? size_in<ManifestLinkRow>(view_, Family::kManifestLinks, key)
                         : size_in<BlobLinkRow>(view_, Family::kBlobLinks, key));
    check.look_at(edge, size);
  }
  return std::move(check).verdict();
}

Result<void> Commit::put_manifest(const PutManifest& request) {
  const Descriptor& descriptor = request.manifest.descriptor;
  const RepositoryName& repository = request.repository;
  assert(descriptor.size == request.manifest.bytes.size());
  SHALE_TRY(demand_references(request));
  SHALE_TRY(demand_moves(request));

  const std::string key = keys::link(repository, descriptor.digest);
  SHALE_TRY_ASSIGN(const bool linked, view_.has(Family::kManifestLinks, key));
  put(Family::kManifestLinks, key,
      ManifestLinkRow{descriptor.size, descriptor.media_type, request.manifest.artifact_type,
                      sequence_, now_});
  if (!linked) {
    SHALE_TRY_ASSIGN(const bool stored,
                     view_.has(Family::kManifests, keys::content(descriptor.digest)));
    if (!stored) {
      put_bytes(Family::kManifests, keys::content(descriptor.digest),
                encode_content(request.manifest.bytes));
      ++store_usage_.manifests;
      store_usage_.bytes += static_cast<std::int64_t>(descriptor.size);
    }
    ++usage_[repository.str()].manifests;
    SHALE_TRY(
        gain_holder(Family::kManifestRepositories, repository, descriptor.digest, descriptor.size));
  }
  SHALE_TRY(replace_edges(request));

  for (const Tag& tag : std::set<Tag>(request.tags.begin(), request.tags.end())) {
    SHALE_TRY(move_tag(repository, tag, descriptor.digest, request.actor));
  }
  return {};
}

/// Commits run one after the other, so nobody moves a tag between this and the batch.
Result<void> Commit::demand_moves(const PutManifest& request) const {
  const Digest& to = request.manifest.descriptor.digest;
  for (const Tag& tag : request.tags) {
    SHALE_TRY_ASSIGN(const auto named, named_by(request.repository, tag));
    SHALE_TRY(demand_move(tag, named, to, request.tag_moves, request.condition));
  }
  if (!request.tags.empty() || request.condition.kind == Condition::Kind::kNone) return {};
  return demand_of_manifest(request.condition, request.repository, to);
}

Result<void> Commit::demand_of_manifest(const Condition& condition,
                                        const RepositoryName& repository,
                                        const Digest& digest) const {
  SHALE_TRY_ASSIGN(const bool there,
                   view_.has(Family::kManifestLinks, keys::link(repository, digest)));
  return demand(condition, "the manifest", there ? std::optional(digest) : std::nullopt);
}

Result<std::optional<Digest>> Commit::named_by(const RepositoryName& repository,
                                               const Tag& tag) const {
  SHALE_TRY_ASSIGN(const auto row, view_.row<TagRow>(Family::kTags, keys::tag(repository, tag)));
  return row ? std::optional(row->digest) : std::nullopt;
}

Result<void> Commit::move_tag(const MoveTag& request) {
  SHALE_TRY_ASSIGN(const bool there,
                   view_.has(Family::kManifestLinks, keys::link(request.repository, request.to)));
  if (!there) {
    return Error{Errc::kManifestUnknown,
                 request.to.str() + " is not in " + request.repository.str()};
  }
  SHALE_TRY_ASSIGN(const auto named, named_by(request.repository, request.tag));
  SHALE_TRY(demand_move(request.tag, named, request.to, request.tag_moves, request.condition));
  return move_tag(request.repository, request.tag, request.to, request.actor);
}

Result<Commit::Rows> Commit::edges_of(const RepositoryName& repository,
                                      const Digest& parent) const {
  Rows rows;
  Scan scan(view_, Family::kEdges, keys::link(repository, parent));
  for (; scan.valid(); scan.next()) {
    Decoder decoder(scan.key());
    const auto kind = static_cast<EdgeKind>(decoder.u8());
    const std::optional<Digest> child = decoder.digest();
    if (!child || !decoder.finished()) {
      return Error{Errc::kCorrupt, "an edge of " + parent.str() + " has a damaged key"};
    }
    rows.emplace_back(kind, *child);
  }
  SHALE_TRY(scan.status());
  return rows;
}

/// The same bytes may come again as another media type and then say other things,
/// so what was there before goes first.
Result<void> Commit::replace_edges(const PutManifest& request) {
  const RepositoryName& repository = request.repository;
  const Digest& parent = request.manifest.descriptor.digest;
  std::set<Digest> named;  // blobs
  for (const Edge& edge : request.manifest.edges) {
    if (!points_at_manifest(edge.kind)) {
      named.insert(edge.target.digest);
    }
  }

  SHALE_TRY_ASSIGN(const Rows before, edges_of(repository, parent));
  std::set<Digest> dropped;  // blobs
  for (const auto& [kind, child] : before) {
    erase_edge(repository, parent, kind, child);
    if (!points_at_manifest(kind) && !named.contains(child)) {
      dropped.insert(child);
    }
  }
  // A descriptor that stands there twice makes one row, the first one's: what is
  // written later would win, hence backwards.
  const auto& edges = request.manifest.edges;
  for (const Edge& edge : std::views::reverse(edges)) {
    put_edge(request, edge);
  }
  for (const Digest& blob : dropped) {
    SHALE_TRY(doom_unless_named(repository, blob, parent));
  }
  for (const Digest& blob : named) {
    SHALE_TRY(spare(repository, blob));
  }
  return {};
}

void Commit::put_edge(const PutManifest& request, const Edge& edge) {
  const Manifest& manifest = request.manifest;
  const Digest& parent = manifest.descriptor.digest;
  const Descriptor& child = edge.target;
  put(Family::kEdges, keys::edge(request.repository, parent, edge.kind, child.digest),
      EdgeRow{child.size, child.media_type, edge.must_exist});
  const std::string reverse = keys::edge_to(request.repository, child.digest, edge.kind, parent);
  if (edge.kind == EdgeKind::kSubject) {
    put(Family::kEdgesTo, reverse,
        ReferrerRow{manifest.descriptor.size, manifest.descriptor.media_type,
                    manifest.artifact_type, manifest.annotations});
  } else {
    put(Family::kEdgesTo, reverse, EmptyRow{});
  }
}

void Commit::erase_edge(const RepositoryName& repository, const Digest& parent, EdgeKind kind,
                        const Digest& child) {
  erase(Family::kEdges, keys::edge(repository, parent, kind, child));
  erase(Family::kEdgesTo, keys::edge_to(repository, child, kind, parent));
}

Result<void> Commit::move_tag(const RepositoryName& repository, const Tag& tag, const Digest& to,
                              const std::string& actor) {
  const std::string key = keys::tag(repository, tag);
  SHALE_TRY_ASSIGN(const auto before, view_.row<TagRow>(Family::kTags, key));
  if (before && before->digest == to) {
    return {};
  }
  if (before) {
    SHALE_TRY(demand_movable(policy_, repository, tag));
    erase(Family::kTagTargets, keys::tag_target(repository, before->digest, tag));
  } else {
    ++usage_[repository.str()].tags;
  }
  put(Family::kTags, key, TagRow{to, sequence_, now_});
  put(Family::kTagTargets, keys::tag_target(repository, to, tag), EmptyRow{});
  put(Family::kHistory, keys::history(repository, tag, sequence_), TagMoveRow{to, now_, actor});
  return {};
}

Result<void> Commit::erase_tag(const RepositoryName& repository, const Tag& tag,
                               const Digest& target, const std::string& actor) {
  SHALE_TRY(demand_movable(policy_, repository, tag));
  erase(Family::kTags, keys::tag(repository, tag));
  erase(Family::kTagTargets, keys::tag_target(repository, target, tag));
  put(Family::kHistory, keys::history(repository, tag, sequence_),
      TagMoveRow{std::nullopt, now_, actor});
  --usage_[repository.str()].tags;
  return {};
}

Result<void> Commit::delete_tag(const RepositoryName& repository, const Tag& tag, const By& by) {
  SHALE_TRY_ASSIGN(const auto named, named_by(repository, tag));
  SHALE_TRY(demand(by.condition, "the tag " + tag.str(), named));
  if (!named) {
    return Error{Errc::kManifestUnknown, "no tag " + tag.str() + " in " + repository.str()};
  }
  return erase_tag(repository, tag, *named, by.actor);
}

Result<void> Commit::demand_unused(const RepositoryName& repository, const Digest& digest,
                                   const ManifestLinkRow& link, const AsSeen& seen) const {
  const std::string key = keys::link(repository, digest);
  AsSeen now{.pushed = link.time, .pulled = std::nullopt, .tags = {}};
  SHALE_TRY_ASSIGN(const auto pull, view_.row<PullRow>(Family::kPulls, key));
  if (pull) {
    now.pulled = pull->time;
  }
  Scan tags(view_, Family::kTagTargets, key);
  for (; tags.valid(); tags.next()) {
    const Result<Tag> tag = Tag::parse(tags.key());
    if (!tag) {
      return Error{Errc::kCorrupt, "a tag of " + digest.str() + " has a damaged key"};
    }
    now.tags.push_back(*tag);
  }
  SHALE_TRY(tags.status());
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

  Scan tags(view_, Family::kTagTargets, key);
  for (; tags.valid(); tags.next()) {
    const Result<Tag> tag = Tag::parse(tags.key());
    if (!tag) {
      return Error{Errc::kCorrupt, "a tag of " + digest.str() + " has a damaged key"};
    }
    SHALE_TRY(erase_tag(repository, *tag, digest, by.actor));
  }
  SHALE_TRY(tags.status());

  SHALE_TRY_ASSIGN(const Rows edges, edges_of(repository, digest));
  std::set<Digest> blobs;
  for (const auto& [kind, child] : edges) {
    erase_edge(repository, digest, kind, child);
    if (!points_at_manifest(kind)) {
      blobs.insert(child);
    }
  }
  for (const Digest& blob : blobs) {
    SHALE_TRY(doom_unless_named(repository, blob, digest));
  }

  erase(Family::kManifestLinks, key);
  erase(Family::kPulls, key);
  --usage_[repository.str()].manifests;
  SHALE_TRY_ASSIGN(const bool shared,
                   lose_holder(Family::kManifestRepositories, repository, digest, link->size));
  if (!shared) {
    erase(Family::kManifests, keys::content(digest));
    --store_usage_.manifests;
    store_usage_.bytes -= static_cast<std::int64_t>(link->size);
  }
  return {};
}

}  // namespace shale::index::rocks
