#include "server/registry/restoring.h"

#include <ranges>
#include <set>
#include <vector>

namespace shale::registry {

using index::EdgeKind;

namespace {

/// The deleted manifests below `root`, each before what it lists: what lists it may stand
/// behind it only where two indexes list it.
Result<std::vector<Digest>> deleted_below(const index::MetadataStore& metadata,
                                          const index::RepositoryName& repository,
                                          const Digest& root) {
  std::vector<Digest> found{root};
  std::set<Digest> seen{root};
  for (std::size_t next = 0; next < found.size(); ++next) {
    SHALE_TRY_ASSIGN(const auto edges, metadata.list_edges(repository, found[next]));
    for (const index::Edge& edge : edges) {
      if (edge.kind != EdgeKind::kManifest || !seen.insert(edge.target.digest).second) continue;
      SHALE_TRY_ASSIGN(const auto deleted, metadata.find_deleted(repository, edge.target.digest));
      if (deleted) found.push_back(edge.target.digest);
    }
  }
  found.erase(found.begin());
  return found;
}

}  // namespace

Result<void> restore_manifest(index::MetadataStore& metadata,
                              const index::RestoreManifest& request) {
  SHALE_TRY_ASSIGN(const auto below, deleted_below(metadata, request.repository, request.digest));
  for (const Digest& child : std::views::reverse(below)) {
    SHALE_TRY(metadata.restore_manifest({request.repository, child, {}, request.actor}));
  }
  SHALE_TRY(metadata.restore_manifest(request));
  return {};
}

}  // namespace shale::registry
