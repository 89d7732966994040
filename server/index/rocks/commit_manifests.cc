#include <cassert>
#include <ranges>

#include "server/index/reference_check.h"
#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

namespace shale::index::rocks {

namespace {

/// Of what the repository shows at the end of the edge.
Result<std::optional<std::uint64_t>> size_of(const View& view, const std::string& link,
                                             EdgeKind kind) {
  if (points_at_manifest(kind)) {
    SHALE_TRY_ASSIGN(const auto row, view.row<ManifestLinkRow>(Family::kManifestLinks, link));
    return row ? std::optional(row->size) : std::nullopt;
  }
  SHALE_TRY_ASSIGN(const auto row, view.row<BlobLinkRow>(Family::kBlobLinks, link));
  return row && !row->hidden ? std::optional(row->size) : std::nullopt;
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
    SHALE_TRY_ASSIGN(const auto size, size_of(view_, key, edge.kind));
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
  pushed_ = &request.manifest;

  const std::string key = keys::link(repository, descriptor.digest);
  SHALE_TRY_ASSIGN(const auto link, view_.row<ManifestLinkRow>(Family::kManifestLinks, key));
  if (!link) {
    SHALE_TRY(gain_manifest(repository, request.manifest));
  }
  const std::optional<Time> before = link ? link->due : std::nullopt;
  put_manifest_link(repository, descriptor.digest,
                    {descriptor.size, descriptor.media_type, request.manifest.artifact_type,
                     sequence_, now_, before},
                    before && request.tags.empty() ? untagged_until(repository) : std::nullopt);
  SHALE_TRY(replace_edges(request));

  for (const Tag& tag : std::set<Tag>(request.tags.begin(), request.tags.end())) {
    SHALE_TRY(put_tag(repository, tag, descriptor.digest, request.actor));
  }
  return doom_left(repository);
}

/// For one that the repository does not show. History may have it, with its bytes.
Result<void> Commit::gain_manifest(const RepositoryName& repository, const Manifest& manifest) {
  const Descriptor& descriptor = manifest.descriptor;
  ++usage_[repository.str()].manifests;
  SHALE_TRY_ASSIGN(
      const auto deleted,
      view_.row<DeletedRow>(Family::kDeleted, keys::link(repository, descriptor.digest)));
  if (deleted) {
    drop_deleted(repository, descriptor.digest, *deleted);
    return {};
  }
  SHALE_TRY_ASSIGN(const bool stored,
                   view_.has(Family::kManifests, keys::content(descriptor.digest)));
  if (!stored) {
    put_bytes(Family::kManifests, keys::content(descriptor.digest), encode_content(manifest.bytes));
    ++store_usage_.manifests;
    store_usage_.bytes += static_cast<std::int64_t>(descriptor.size);
  }
  return gain_holder(Family::kManifestRepositories, repository, descriptor.digest, descriptor.size);
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
  SHALE_TRY(spare_manifest(request.repository, request.to));
  SHALE_TRY(put_tag(request.repository, request.tag, request.to, request.actor));
  return doom_left(request.repository);
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
/// so what was there before goes first. So do the edges of a manifest that was deleted.
Result<void> Commit::replace_edges(const PutManifest& request) {
  const RepositoryName& repository = request.repository;
  const Digest& parent = request.manifest.descriptor.digest;
  std::set<Digest> named;  // blobs
  for (const Edge& edge : request.manifest.edges) {
    if (!points_at_manifest(edge.kind)) {
      named.insert(edge.target.digest);
    } else if (edge.kind == EdgeKind::kManifest) {
      SHALE_TRY(spare_manifest(repository, edge.target.digest));
    }
  }

  SHALE_TRY_ASSIGN(const Rows before, edges_of(repository, parent));
  std::set<Digest> dropped;  // blobs
  for (const auto& [kind, child] : before) {
    erase_edge(repository, parent, kind, child);
    if (!points_at_manifest(keys::of_present(kind)) && !named.contains(child)) {
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
    SHALE_TRY(release(repository, blob, parent));
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

Result<void> Commit::put_tag(const RepositoryName& repository, const Tag& tag, const Digest& to,
                             const std::string& actor) {
  const std::string key = keys::tag(repository, tag);
  SHALE_TRY_ASSIGN(const auto before, view_.row<TagRow>(Family::kTags, key));
  if (before && before->digest == to) {
    return {};
  }
  if (before) {
    SHALE_TRY(demand_movable(policy_, repository, tag));
    erase(Family::kTagTargets, keys::tag_target(repository, before->digest, tag));
    left_[before->digest].insert(tag);
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
  SHALE_TRY(erase_tag(repository, tag, *named, by.actor));
  left_[*named].insert(tag);
  return doom_left(repository);
}

Result<std::vector<Tag>> Commit::tags_of(const RepositoryName& repository,
                                         const Digest& digest) const {
  std::vector<Tag> found;
  Scan tags(view_, Family::kTagTargets, keys::link(repository, digest));
  for (; tags.valid(); tags.next()) {
    Result<Tag> tag = Tag::parse(tags.key());
    if (!tag) {
      return Error{Errc::kCorrupt, "a tag of " + digest.str() + " has a damaged key"};
    }
    found.push_back(*std::move(tag));
  }
  SHALE_TRY(tags.status());
  return found;
}

}  // namespace shale::index::rocks
