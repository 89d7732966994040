#include "server/registry/restoring.h"

#include <algorithm>
#include <functional>
#include <map>
#include <ranges>
#include <set>
#include <utility>

namespace shale::registry {
namespace {

using index::DeletedManifest;
using index::EdgeKind;
using index::RepositoryName;
using index::Tag;

constexpr std::size_t kPage = 1000;
/// A tag may be taken between the look and the commit; nobody does so for ever.
constexpr int kTries = 10;

Error not_deleted(const RepositoryName& repository, const Digest& digest) {
  const std::string words = digest.str() + " is not in the history of " + repository.str();
  return {Errc::kManifestUnknown, words, {words}};
}

Result<void> each_deleted(const index::MetadataStore& metadata, const RepositoryName& repository,
                          const std::function<Result<void>(const DeletedManifest&)>& look) {
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata.list_deleted(repository, after, kPage));
    for (const DeletedManifest& deleted : page.items) {
      SHALE_TRY(look(deleted));
    }
    if (!page.more || page.items.empty()) return {};
    after = page.items.back().descriptor.digest;
  }
}

Result<Restored> restore_one(index::MetadataStore& metadata, const RepositoryName& repository,
                             const DeletedManifest& deleted, WithTags tags,
                             const std::string& actor) {
  const Digest& digest = deleted.descriptor.digest;
  for (int left = kTries;; --left) {
    Restored restored{digest, {}, {}};
    for (const Tag& tag : tags == WithTags::kYes ? deleted.tags : std::vector<Tag>()) {
      const auto named = metadata.find_manifest(repository, tag);
      if (!named && named.error().code != Errc::kManifestUnknown) return named.error();
      (named ? restored.taken : restored.tags).push_back(tag);
    }
    const auto done = metadata.restore_manifest({repository, digest, restored.tags, actor});
    if (done) return restored;
    if (done.error().code != Errc::kTagExists || left == 0) return done.error();
  }
}

/// What comes back with manifests that one operation took.
class Family {
 public:
  Family(const index::MetadataStore& metadata, const RepositoryName& repository)
      : metadata_(metadata), repository_(repository) {}

  /// These and what belongs to them, each before what it belongs to.
  Result<std::vector<DeletedManifest>> of(const std::vector<DeletedManifest>& roots) {
    SHALE_TRY(read_referrers(roots.front().operation));
    for (const DeletedManifest& root : roots) {
      SHALE_TRY(visit(root));
    }
    return std::move(found_);
  }

 private:
  struct Visit {
    DeletedManifest manifest;
    bool dependants_done = false;
  };

  /// Without recursion, for indexes nest as deep as somebody likes.
  Result<void> visit(const DeletedManifest& root) {
    std::vector<Visit> stack{{root}};
    while (!stack.empty()) {
      Visit next = std::move(stack.back());
      stack.pop_back();
      if (next.dependants_done) {
        found_.push_back(std::move(next.manifest));
      } else if (seen_.insert(next.manifest.descriptor.digest).second) {
        SHALE_TRY_ASSIGN(auto dependants, dependants_of(next.manifest.descriptor.digest));
        stack.push_back({std::move(next.manifest), true});
        for (DeletedManifest& dependant : dependants)
          stack.push_back({std::move(dependant)});
      }
    }
    return {};
  }

  Result<std::vector<DeletedManifest>> dependants_of(const Digest& digest) const {
    std::vector<DeletedManifest> dependants;
    SHALE_TRY_ASSIGN(const auto edges, metadata_.list_edges(repository_, digest));
    for (const index::Edge& edge : edges) {
      if (edge.kind != EdgeKind::kManifest) continue;
      SHALE_TRY_ASSIGN(auto child, metadata_.find_deleted(repository_, edge.target.digest));
      if (child) dependants.push_back(*std::move(child));
    }
    const auto [first, last] = referrers_.equal_range(digest);
    for (auto referrer = first; referrer != last; ++referrer)
      dependants.push_back(referrer->second);
    return dependants;
  }

  Result<void> read_referrers(index::Sequence operation) {
    return each_deleted(metadata_, repository_, [&](const DeletedManifest& other) -> Result<void> {
      const bool together = other.operation == operation || other.actor == index::kUntaggedActor;
      if (!together) return {};
      SHALE_TRY_ASSIGN(const auto edges,
                       metadata_.list_edges(repository_, other.descriptor.digest));
      const auto subject = std::ranges::find(edges, EdgeKind::kSubject, &index::Edge::kind);
      if (subject != edges.end()) referrers_.emplace(subject->target.digest, other);
      return {};
    });
  }

  const index::MetadataStore& metadata_;
  const RepositoryName& repository_;
  std::multimap<Digest, DeletedManifest> referrers_;  ///< by their subject
  std::set<Digest> seen_;
  std::vector<DeletedManifest> found_;
};

Result<std::vector<Restored>> restore_all(index::MetadataStore& metadata,
                                          const RepositoryName& repository,
                                          const std::vector<DeletedManifest>& roots, WithTags tags,
                                          const std::string& actor) {
  SHALE_TRY_ASSIGN(const auto family, Family(metadata, repository).of(roots));
  std::vector<Restored> restored;
  for (const DeletedManifest& member : family) {
    const bool same = member.operation == roots.front().operation;
    SHALE_TRY_ASSIGN(auto one,
                     restore_one(metadata, repository, member, same ? tags : WithTags::kNo, actor));
    restored.push_back(std::move(one));
  }
  return restored;
}

}  // namespace

Result<std::vector<Restored>> restore_manifest(index::MetadataStore& metadata,
                                               const RepositoryName& repository,
                                               const Digest& digest, WithTags tags,
                                               const std::string& actor) {
  SHALE_TRY_ASSIGN(const auto root, metadata.find_deleted(repository, digest));
  if (!root) return not_deleted(repository, digest);
  return restore_all(metadata, repository, {*root}, tags, actor);
}

Result<std::vector<Restored>> restore_last(index::MetadataStore& metadata,
                                           const RepositoryName& repository,
                                           const std::string& actor) {
  std::vector<DeletedManifest> last;
  SHALE_TRY(each_deleted(metadata, repository, [&](const DeletedManifest& deleted) -> Result<void> {
    if (!last.empty() && deleted.operation > last.front().operation) last.clear();
    if (last.empty() || deleted.operation == last.front().operation) last.push_back(deleted);
    return {};
  }));
  if (last.empty()) {
    const std::string words = "nothing that was deleted from " + repository.str() + " is kept";
    return Error{Errc::kNameUnknown, words, {words}};
  }
  return restore_all(metadata, repository, last, WithTags::kYes, actor);
}

Result<std::size_t> drop_history(index::MetadataStore& metadata, const RepositoryName& repository,
                                 const std::optional<Digest>& digest) {
  std::size_t dropped = 0;
  const auto drop = [&](const DeletedManifest& deleted) -> Result<void> {
    SHALE_TRY_ASSIGN(const auto done,
                     metadata.collect({deleted.due, index::Doomed::Kind::kDeleted, repository.str(),
                                       deleted.descriptor.digest}));
    if (done.outcome == index::Collected::Outcome::kManifest) ++dropped;
    return {};
  };
  if (digest) {
    SHALE_TRY_ASSIGN(const auto deleted, metadata.find_deleted(repository, *digest));
    if (!deleted) return not_deleted(repository, *digest);
    SHALE_TRY(drop(*deleted));
  } else {
    SHALE_TRY(each_deleted(metadata, repository, drop));
  }
  SHALE_TRY(metadata.sync());
  return dropped;
}

}  // namespace shale::registry
