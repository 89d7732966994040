#include "server/registry/removal.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace shale::registry {
namespace {

constexpr std::size_t kPage = 1000;

/// Whether it went; what is in use again stays.
Result<bool> remove(index::MetadataStore& metadata, const index::RepositoryName& repository,
                    const LeavingManifest& manifest, index::By& by) {
  if (by.as_seen) by.as_seen->tags = manifest.tags;
  const auto done = metadata.delete_manifest(repository, manifest.digest, by);
  if (!done) {
    if (done.error().code == Errc::kManifestUnknown) return true;  // somebody else was quicker
    if (done.error().code == Errc::kConditionFailed) return false;
    return done.error();
  }
  if (!by.operation) by.operation = *done;
  return true;
}

/// The links that are left: nobody names them.
Result<void> unlink_all(index::MetadataStore& metadata, const index::RepositoryName& repository) {
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata.list_links(repository, after, kPage));
    for (const index::BlobLink& link : page.items) {
      const auto done = metadata.delete_blob(repository, link.digest, index::Synced::kLater);
      const bool pushed_again = !done && done.error().code == Errc::kBlobReferenced;
      if (!done && !pushed_again && done.error().code != Errc::kBlobUnknown) return done.error();
    }
    if (!page.more || page.items.empty()) return {};
    after = page.items.back().digest;
  }
}

Error in_use(const RemovalGoal& goal) {
  const std::string words =
      "what is to go in " + goal.repository.str() + " was tagged or listed just now: look again";
  return {Errc::kConditionFailed, words, {words}};
}

}  // namespace

Result<void> carry_out(index::MetadataStore& metadata, const RemovalGoal& goal, Removal& removal,
                       const index::By& by) {
  const index::RepositoryName& repository = goal.repository;
  const index::Tag* tag = goal.reference ? std::get_if<index::Tag>(&*goal.reference) : nullptr;
  if (removal.manifests.empty() && tag != nullptr) {
    SHALE_TRY(metadata.delete_tag(repository, *tag, by));
    return {};
  }
  index::By each = by;
  each.synced = index::Synced::kLater;
  std::vector<LeavingManifest> gone;
  for (LeavingManifest& manifest : removal.manifests) {
    // A manifest that was named by its digest goes whatever lists it; so does everything.
    const bool meant = tag == nullptr && (!goal.reference || gone.empty());
    each.as_seen = meant ? std::nullopt : std::optional(index::AsSeen{.whenever_used = true});
    SHALE_TRY_ASSIGN(const bool went, remove(metadata, repository, manifest, each));
    if (went) {
      gone.push_back(std::move(manifest));
    } else if (gone.empty()) {
      return in_use(goal);
    } else {
      removal.kept.push_back({manifest.digest, manifest.size, {"somebody who uses it again"}});
    }
  }
  removal.manifests = std::move(gone);
  if (!goal.reference) SHALE_TRY(unlink_all(metadata, repository));
  return metadata.sync();
}

}  // namespace shale::registry
