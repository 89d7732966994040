#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::index {

/// The answer to a push that would move this tag and may not.
Error tag_exists(const Tag& tag);

/// `kConditionFailed` unless `condition` holds of what `named` names now; none: nothing
/// does. `what` calls it by name: "the tag v1".
Result<void> demand(const Condition& condition, const std::string& what,
                    const std::optional<Digest>& named);

/// Whether a tag that names `named` may be made to name `to`: `kConditionFailed`, `kTagExists`.
Result<void> demand_move(const Tag& tag, const std::optional<Digest>& named, const Digest& to,
                         TagMoves moves, const Condition& condition);
/// `kTagImmutable`, with a detail that names tag and rule, when a rule forbids that the tag,
/// which is there, moves or goes.
Result<void> demand_movable(const StorePolicy& policy, const RepositoryName& repository,
                            const Tag& tag);

/// `kConditionFailed` unless the manifest is as it was seen. `listed`: whether an index names it.
Result<void> demand_as_seen(const AsSeen& seen, const AsSeen& now, bool listed);

/// Looks at what a manifest refers to beside what its repository has, for the one
/// error that names all that is wrong. Both stores answer with it.
class ReferenceCheck {
 public:
  /// `request` must outlive this.
  explicit ReferenceCheck(const PutManifest& request) : request_(request) {}

  /// Whether it matters what the repository has of this. Not of a subject, which may
  /// come later than what refers to it.
  static bool concerns(const Edge& edge) { return edge.kind != EdgeKind::kSubject; }

  /// `size`: of what the repository has by this digest; none when it has nothing.
  void look_at(const Edge& edge, std::optional<std::uint64_t> size);

  /// `kManifestInvalid` when a size was wrong, for then no push of what is missing
  /// helps; `kManifestBlobUnknown` when something was missing. One detail for each,
  /// the same content once.
  Result<void> verdict() &&;

 private:
  const PutManifest& request_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
};

}  // namespace shale::index
