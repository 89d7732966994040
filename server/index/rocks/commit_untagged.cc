#include <algorithm>

#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

// Manifests that have lost their last tag, where the policy has them go.

namespace shale::index::rocks {

namespace {

Doomed doomed_manifest(const RepositoryName& repository, const Digest& digest, Time due) {
  return {due, Doomed::Kind::kUntagged, repository.str(), digest};
}

bool lists(const Manifest& index, const Digest& child) {
  return std::ranges::any_of(index.edges, [&](const Edge& edge) {
    return edge.kind == EdgeKind::kManifest && edge.target.digest == child;
  });
}

}  // namespace

/// When what loses its last tag now goes; none: it stays.
std::optional<Time> Commit::untagged_until(const RepositoryName& repository) const {
  const auto after = policy_.untagged ? policy_.untagged(repository) : std::nullopt;
  return after ? std::optional(now_ + std::max(*after, lease_)) : std::nullopt;
}

/// Writes the link with a new `due`, and moves its doomed row accordingly.
void Commit::put_manifest_link(const RepositoryName& repository, const Digest& digest,
                               ManifestLinkRow row, std::optional<Time> due) {
  if (row.due) {
    erase(Family::kDoomed, keys::doomed(doomed_manifest(repository, digest, *row.due)));
  }
  row.due = due;
  put(Family::kManifestLinks, keys::link(repository, digest), row);
  if (due) {
    put(Family::kDoomed, keys::doomed(doomed_manifest(repository, digest, *due)), EmptyRow{});
  }
}

/// For one that gains a tag, or a place in an index.
Result<void> Commit::spare_manifest(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto link, view_.row<ManifestLinkRow>(Family::kManifestLinks,
                                                               keys::link(repository, digest)));
  if (link && link->due) {
    put_manifest_link(repository, digest, *link, std::nullopt);
  }
  return {};
}

/// Whether something other than the tags `but` and the manifest `besides` keeps it: a tag, an
/// index that lists it, a subject that is there.
Result<bool> Commit::has_keeper(const RepositoryName& repository, const Digest& digest,
                                const std::set<Tag>& but, const Digest* besides) const {
  Scan tags(view_, Family::kTagTargets, keys::link(repository, digest));
  for (; tags.valid(); tags.next()) {
    const auto leaves = [&](const Tag& tag) { return tag.str() == tags.key(); };
    if (std::ranges::none_of(but, leaves)) {
      return true;
    }
  }
  SHALE_TRY(tags.status());
  // The view shows what the pushed manifest named before.
  const Digest* other = pushed_ == nullptr ? besides : &pushed_->descriptor.digest;
  if (pushed_ != nullptr && lists(*pushed_, digest)) {
    return true;
  }
  const std::string skipped = other == nullptr ? std::string() : keys::content(*other);
  Scan indexes(view_, Family::kEdgesTo, keys::edges_to(repository, digest, EdgeKind::kManifest));
  for (; indexes.valid(); indexes.next()) {
    if (indexes.key() != skipped) {
      return true;
    }
  }
  SHALE_TRY(indexes.status());
  SHALE_TRY_ASSIGN(const Rows edges, edges_of(repository, digest));
  for (const auto& [kind, child] : edges) {
    if (kind == EdgeKind::kSubject && (besides == nullptr || child != *besides)) {
      SHALE_TRY_ASSIGN(const bool there,
                       view_.has(Family::kManifestLinks, keys::link(repository, child)));
      if (there || (pushed_ != nullptr && child == pushed_->descriptor.digest)) {
        return true;
      }
    }
  }
  return false;
}

Result<void> Commit::doom_untagged(const RepositoryName& repository, const Digest& digest,
                                   const std::set<Tag>& but, const Digest* besides, Time due) {
  SHALE_TRY_ASSIGN(const auto link, view_.row<ManifestLinkRow>(Family::kManifestLinks,
                                                               keys::link(repository, digest)));
  if (!link || link->due) {
    return {};
  }
  SHALE_TRY_ASSIGN(const bool kept, has_keeper(repository, digest, but, besides));
  if (!kept) {
    put_manifest_link(repository, digest, *link, due);
  }
  return {};
}

/// For the manifests that tags have left in this commit.
Result<void> Commit::doom_left(const RepositoryName& repository) {
  const auto due = untagged_until(repository);
  for (const auto& [digest, tags] : left_) {
    if (due) {
      SHALE_TRY(doom_untagged(repository, digest, tags, nullptr, *due));
    }
  }
  return {};
}

/// For what only `parent`, which goes, has kept: its children, and its referrers. They go with
/// it, so after the lease.
Result<void> Commit::doom_dependants(const RepositoryName& repository, const Digest& parent,
                                     const Rows& edges) {
  if (!untagged_until(repository)) {
    return {};
  }
  for (const auto& [kind, child] : edges) {
    if (kind == EdgeKind::kManifest) {
      SHALE_TRY(doom_untagged(repository, child, {}, &parent, due_));
    }
  }
  Scan referrers(view_, Family::kEdgesTo, keys::edges_to(repository, parent, EdgeKind::kSubject));
  for (; referrers.valid(); referrers.next()) {
    Decoder key(referrers.key());
    const auto referrer = key.digest();
    if (!referrer || !key.finished()) {
      return Error{Errc::kCorrupt, "a referrer of " + parent.str() + " has a damaged key"};
    }
    SHALE_TRY(doom_untagged(repository, *referrer, {}, &parent, due_));
  }
  return referrers.status();
}

Result<Collected> Commit::collect_untagged(const Doomed& doomed) {
  SHALE_TRY_ASSIGN(const auto repository, RepositoryName::parse(doomed.repository));
  SHALE_TRY_ASSIGN(
      const auto link,
      view_.row<ManifestLinkRow>(Family::kManifestLinks, keys::link(repository, doomed.digest)));
  if (!link || link->due != doomed.due) {
    erase(Family::kDoomed, keys::doomed(doomed));
    return Collected{};
  }
  SHALE_TRY_ASSIGN(const bool kept, has_keeper(repository, doomed.digest, {}, nullptr));
  if (kept) {
    put_manifest_link(repository, doomed.digest, *link, std::nullopt);
    return Collected{};
  }
  SHALE_TRY(delete_manifest(repository, doomed.digest, By{std::string(kUntaggedActor)}));
  return Collected{Collected::Outcome::kManifest, 0};
}

}  // namespace shale::index::rocks
