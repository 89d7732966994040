#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/index/names.h"
#include "server/index/policy.h"

namespace shale::registry {

/// Whether `pattern` matches all of a tag: `*` is anything, `?` one character.
bool tag_matches(std::string_view pattern, std::string_view tag);
/// Whether a tag is a version (semver.org), with or without a `v` before it: `1.2.3`,
/// `v1.2.3-rc.1`.
bool is_semver(std::string_view tag);

/// Which manifests of a repository stay. A tagged one stays when one of the `keep_` members
/// keeps it, or when none of them is said.
struct Retention {  // NOLINTBEGIN(readability-redundant-member-init): may be left out
  std::optional<std::size_t> keep_last{};  ///< by time of the push
  std::optional<std::chrono::milliseconds> keep_pulled_within{};
  std::optional<std::vector<std::string>> keep_tags{};  ///< patterns
  bool keep_semver = false;
  bool keep_nothing = false;
  /// One without tags goes when it is older; none: it stays.
  std::optional<std::chrono::milliseconds> untagged_older_than{};
  std::chrono::milliseconds every = std::chrono::hours(24);
};  // NOLINTEND(readability-redundant-member-init)

/// One rule. Of those that match a repository, the first that has a member decides it.
struct Rule {  // NOLINTBEGIN(readability-redundant-member-init): may be left out
  /// Whether it holds for a repository; thread-safe, and quick.
  std::function<bool(std::string_view)> matches{};
  std::vector<std::string> repositories{};  ///< for people to read
  std::optional<std::vector<std::string>> immutable_tags{};
  std::optional<Retention> retention{};
  std::optional<std::chrono::milliseconds> history{};         ///< of deleted manifests
  std::optional<std::chrono::milliseconds> untagged_after{};  ///< the last tag, one goes
  std::string where{};                                        ///< for people to read
};  // NOLINTEND(readability-redundant-member-init)

/// All rules in their order. Never changed, so thread-safe.
class Rules {
 public:
  Rules() = default;
  /// `history`: how long a deleted manifest can be had back where no rule says.
  explicit Rules(std::vector<Rule> rules,
                 std::chrono::milliseconds history = std::chrono::milliseconds(0))
      : rules_(std::move(rules)), history_(history) {}

  const std::vector<Rule>& all() const noexcept { return rules_; }

  /// The rule by which the tag does not move, in words; none when it may.
  std::optional<std::string> immutable(const index::RepositoryName& repository,
                                       const index::Tag& tag) const;
  /// Null when there is none; lives as long as this.
  const Retention* retention(const index::RepositoryName& repository) const;
  /// How long a deleted manifest can be had back.
  std::chrono::milliseconds history(const index::RepositoryName& repository) const;
  /// None where no rule says it.
  std::optional<std::chrono::milliseconds> untagged_after(
      const index::RepositoryName& repository) const;
  /// How often the one that is due most often is due; none when there is no retention.
  std::optional<std::chrono::milliseconds> shortest_schedule() const;

 private:
  /// The first that matches and has the member.
  template <class T>
  const Rule* deciding(const index::RepositoryName& repository,
                       std::optional<T> Rule::* member) const;

  std::vector<Rule> rules_;
  std::chrono::milliseconds history_{0};
};

/// What the store has to ask of the rules, which it then shares.
index::StorePolicy store_policy(std::shared_ptr<const Rules> rules);

}  // namespace shale::registry
