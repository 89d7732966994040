#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobstore/clock.h"
#include "blobstore/current.h"
#include "blobstore/digest.h"
#include "server/index/names.h"

namespace shale::index {

/// What must be true of each tag that a commit moves (of the manifest itself, when it
/// moves none) for the commit to be made: If-Match and If-None-Match. One that does
/// not hold is `kConditionFailed`, with a detail that names what is there instead.
struct Condition {
  enum class Kind : std::uint8_t {
    kNone,
    kAbsent,   ///< there must be none yet
    kPresent,  ///< there must be one, whatever it names
    kIsOneOf,  ///< it must name one of `digests`
  };
  Kind kind = Kind::kNone;
  std::vector<Digest> digests{};  // NOLINT(readability-redundant-member-init)

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// How whoever wants to delete a manifest has seen it. The deletion is `kConditionFailed`
/// when somebody has pushed it, given it another tag, listed it in an index or pulled it since.
struct AsSeen {  // NOLINTBEGIN(readability-redundant-member-init): may be left out
  Time pushed{};
  std::optional<Time> pulled{};
  std::vector<Tag> tags{};
  bool whenever_used = false;  ///< on: the two times do not matter
};  // NOLINTEND(readability-redundant-member-init)

/// Whether a commit waits for the disk. Whoever makes many has each wait for `MetadataStore::sync`
/// in the end.
enum class Synced : std::uint8_t { kNow, kLater };

/// Who does it, for the history, and on which condition.
struct By {  // NOLINTBEGIN(readability-redundant-member-init)
  // NOLINTBEGIN(google-explicit-constructor): an actor alone is the usual case.
  By(std::string who, Condition on = {}) : actor(std::move(who)), condition(std::move(on)) {}
  By(const char* who) : actor(who) {}
  // NOLINTEND(google-explicit-constructor)

  std::string actor;
  Condition condition;
  std::optional<AsSeen> as_seen{};  ///< of a deleted manifest; none: however it is
  bool for_good = false;            ///< a deleted manifest: no history keeps it
  Synced synced = Synced::kNow;
  /// The commit of the deletion that this one is a part of; none: it stands for itself.
  std::optional<std::uint64_t> operation{};
};  // NOLINTEND(readability-redundant-member-init)

/// Who deletes manifests that the policy does not keep untagged, in the history.
inline constexpr std::string_view kUntaggedActor = "untagged rule";

/// The most that the repositories of a namespace may hold together.
struct Quota {
  std::string name_space;              ///< "team-a": team-a itself and team-a/...
  std::optional<std::uint64_t> bytes;  ///< of `Usage::logical`, summed over its repositories
  std::optional<std::uint64_t> tags;
};

/// What the rules say of a repository. Asked within commits, on any thread: to be
/// quick and thread-safe. An empty function is the rule's absence.
struct StorePolicy {  // NOLINTBEGIN(readability-redundant-member-init): may be left out
  /// The rule by which the tag, once it names a manifest, neither moves nor goes, in words for
  /// the refusal. None: there is no such rule.
  std::function<std::optional<std::string>(const RepositoryName&, const Tag&)> immutable{};
  /// Every quota that covers the repository.
  std::function<std::vector<Quota>(const RepositoryName&)> quotas{};
  /// How long a manifest that was deleted can be had back; its bytes stay so long. 0: not at all.
  std::function<std::chrono::milliseconds(const RepositoryName&)> history{};
  /// How long a manifest stays that has lost its last tag, unless an index lists it or its
  /// subject is there. Never less than the lease. None: it stays.
  std::function<std::optional<std::chrono::milliseconds>(const RepositoryName&)> untagged{};
};  // NOLINTEND(readability-redundant-member-init)

/// Asks whichever is in force when it is asked.
StorePolicy following(std::shared_ptr<const Current<StorePolicy>> current);

}  // namespace shale::index
