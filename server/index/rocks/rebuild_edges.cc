#include <algorithm>
#include <ranges>
#include <utility>

#include "server/index/rocks/rebuild.h"

namespace shale::index::rocks {

/// What stands as a blob in an index may have been taken for a manifest when it was pushed:
/// an edge that says so is believed, else what the repository has decides, as it did then.
Result<EdgeKind> Rebuilder::settled(const RepositoryName& repository, const Digest& parent,
                                    const Edge& edge, bool deleted) const {
  if (edge.kind != EdgeKind::kBlob) return edge.kind;
  const auto as = [&](EdgeKind kind) {
    return keys::edge(repository, parent, deleted ? keys::of_deleted(kind) : kind,
                      edge.target.digest);
  };
  SHALE_TRY_ASSIGN(const bool manifest, view_.has(Family::kEdges, as(EdgeKind::kManifest)));
  if (manifest) return EdgeKind::kManifest;
  SHALE_TRY_ASSIGN(const bool blob, view_.has(Family::kEdges, as(EdgeKind::kBlob)));
  if (blob) return EdgeKind::kBlob;
  const std::string link = keys::link(repository, edge.target.digest);
  SHALE_TRY_ASSIGN(const bool linked, view_.has(Family::kBlobLinks, link));
  SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kManifestLinks, link));
  return there && !linked ? EdgeKind::kManifest : EdgeKind::kBlob;
}

/// None: nobody here can read the manifest, which was pushed under other rules. Then its
/// rows are all that is known of it.
Result<std::optional<std::vector<Rebuilder::Named>>> Rebuilder::edges_of(
    const RepositoryName& repository, const Digest& parent, const Owner& owner) const {
  std::vector<Named> named;
  SHALE_TRY_ASSIGN(const auto manifest, read(parent, owner.link.media_type));
  if (!manifest) return std::optional<std::vector<Named>>();
  for (const Edge& edge : manifest->edges) {
    SHALE_TRY_ASSIGN(const EdgeKind kind, settled(repository, parent, edge, owner.deleted));
    std::string reverse = kind == EdgeKind::kSubject
                              ? encode(ReferrerRow{owner.link.size, owner.link.media_type,
                                                   owner.link.artifact_type, manifest->annotations})
                              : encode(EmptyRow{});
    named.push_back({owner.deleted ? keys::of_deleted(kind) : kind,
                     edge.target.digest,
                     {edge.target.size, edge.target.media_type, edge.must_exist},
                     std::move(reverse)});
  }
  return std::optional(std::move(named));
}

Result<void> Rebuilder::put_edges(const RepositoryName& repository, const Digest& parent,
                                  const Owner& owner) {
  SHALE_TRY_ASSIGN(const auto named, edges_of(repository, parent, owner));
  if (!named) return {};
  // Of a descriptor that stands there twice the first one makes the row: as in a commit.
  std::map<std::string, const Named*> first;
  for (const Named& edge : *named)
    first.try_emplace(keys::edge(repository, parent, edge.kind, edge.child), &edge);
  for (const auto& [key, edge] : first) {
    SHALE_TRY(put(Family::kEdges, key, encode(edge->row)));
    SHALE_TRY(put(Family::kEdgesTo, keys::edge_to(repository, edge->child, edge->kind, parent),
                  edge->reverse));
  }
  return {};
}

Result<void> Rebuilder::rebuild_edges() {
  SHALE_TRY(drop_wrong_edges());
  for (const Family family : {Family::kManifestLinks, Family::kDeleted}) {
    SHALE_TRY(each(family, {}, [&](const auto& key, auto) -> Result<void> {
      Decoder parts(key);
      const auto link = read_link(parts);
      SHALE_TRY_ASSIGN(const auto known, owner(link->repository, link->digest));
      return known ? put_edges(link->repository, link->digest, *known) : Result<void>();
    }));
  }
  return each(Family::kEdgesTo, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto child = read_link(parts);
    const auto kind = read_kind(parts);
    const auto parent = parts.digest();
    if (!child || !kind || !parent || !parts.finished()) return erase(Family::kEdgesTo, key);
    SHALE_TRY_ASSIGN(
        const bool there,
        view_.has(Family::kEdges, keys::edge(child->repository, *parent, *kind, child->digest)));
    return there ? Result<void>() : erase(Family::kEdgesTo, key);
  });
}

/// The rows of one parent stand side by side, so each manifest is read once.
Result<void> Rebuilder::drop_wrong_edges() {
  std::string last;
  std::optional<std::vector<std::string>> right;  // none: whatever there is
  return each(Family::kEdges, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto parent = read_link(parts);
    const auto kind = read_kind(parts);
    const auto child = parts.digest();
    if (!parent || !kind || !child || !parts.finished() || !decode<EdgeRow>(value)) {
      return erase(Family::kEdges, key);
    }
    const std::string of = keys::link(parent->repository, parent->digest);
    if (of != last) {
      last = of;
      SHALE_TRY_ASSIGN(right, right_edges(*parent));
    }
    if (right) {
      return std::ranges::binary_search(*right, key) ? Result<void>() : erase(Family::kEdges, key);
    }
    if (keys::of_present(*kind) == EdgeKind::kSubject) return {};
    return put(Family::kEdgesTo, keys::edge_to(parent->repository, *child, *kind, parent->digest),
               encode(EmptyRow{}));
  });
}

/// The keys of all that a manifest names, in order; none as of `edges_of`.
Result<std::optional<std::vector<std::string>>> Rebuilder::right_edges(const Linked& parent) const {
  std::vector<std::string> right;
  SHALE_TRY_ASSIGN(const auto known, owner(parent.repository, parent.digest));
  if (!known) return std::optional(std::move(right));
  SHALE_TRY_ASSIGN(const auto named, edges_of(parent.repository, parent.digest, *known));
  if (!named) return std::optional<std::vector<std::string>>();
  for (const Named& edge : *named)
    right.push_back(keys::edge(parent.repository, parent.digest, edge.kind, edge.child));
  std::ranges::sort(right);
  return std::optional(std::move(right));
}

}  // namespace shale::index::rocks
