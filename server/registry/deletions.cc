#include "server/registry/deletions.h"

#include "server/index/reference_check.h"
#include "server/registry/registry.h"
#include "server/registry/uploads.h"

namespace shale::registry {

using index::RepositoryName;

Result<void> demand_enabled(bool setting, const std::string& what) {
  if (setting) return {};
  const std::string words =
      "deleting " + what + " is switched off here: see registry.delete_" + what;
  return Error{Errc::kDisabled, words, {words}};
}

Result<Removal> Deletions::remove(const RemovalGoal& goal, RunMode mode, const index::By& by,
                                  const Visible& visible) const {
  SHALE_TRY_ASSIGN(Removal removal, plan_removal(metadata_, goal, visible));
  SHALE_TRY(demand_allowed(goal, removal));
  if (mode == RunMode::kDry) return removal;
  SHALE_TRY(carry_out(metadata_, goal, removal, by));
  if (!goal.reference) SHALE_TRY(cancel_uploads(goal.repository));
  return removal;
}

/// Asked before the first commit, so that a rule stops all of it; the commits ask again.
Result<void> Deletions::demand_allowed(const RemovalGoal& goal, const Removal& removal) const {
  const Deletes& deletes = options_->deletes;
  if (!removal.manifests.empty() || !goal.reference) {
    SHALE_TRY(demand_enabled(deletes.manifests, "manifests"));
  } else {
    SHALE_TRY(demand_enabled(deletes.tags, "tags"));
  }
  const index::StorePolicy policy = store_policy(options_->rules);
  for (const index::Tag& tag : removal.tags) {
    SHALE_TRY(index::demand_movable(policy, goal.repository, tag));
  }
  return {};
}

Result<void> Deletions::cancel_uploads(const RepositoryName& repository) const {
  SHALE_TRY_ASSIGN(const auto rows, metadata_.list_uploads());
  for (const index::UploadRow& row : rows) {
    if (row.repository != repository) continue;
    const auto done = uploads_.cancel(repository, row.id);
    const bool lost = !done && (done.error().code == Errc::kUploadUnknown ||
                                done.error().code == Errc::kUploadBusy);
    if (!done && !lost) return done.error();
  }
  return {};
}

std::chrono::milliseconds Deletions::history(const RepositoryName& repository) const {
  return options_->rules->history(repository);
}

Result<index::Page<index::DeletedManifest>> Deletions::list(const RepositoryName& repository,
                                                            const std::optional<Digest>& after,
                                                            std::size_t limit) const {
  return metadata_.list_deleted(repository, after, limit);
}

Result<std::vector<Restored>> Deletions::restore(const RepositoryName& repository,
                                                 const std::optional<Digest>& digest,
                                                 const std::string& actor) const {
  if (!digest) return restore_last(metadata_, repository, actor);
  return restore_manifest(metadata_, repository, *digest, WithTags::kYes, actor);
}

Result<std::size_t> Deletions::drop(const RepositoryName& repository,
                                    const std::optional<Digest>& digest) const {
  return drop_history(metadata_, repository, digest);
}

}  // namespace shale::registry
