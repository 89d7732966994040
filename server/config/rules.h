#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace shale::config {

/// A word of a rule, and where it stands: `shale.yaml:12:5`.
struct RuleWord {
  std::string text;
  std::string where;

  friend bool operator==(const RuleWord& one, const RuleWord& other) {
    return one.text == other.text;
  }
};

/// Which manifests of a repository stay, and how often that is looked at. README.md of
/// `registry` says what each means.
struct RetentionRule {
  std::optional<std::size_t> keep_last;
  std::optional<std::chrono::milliseconds> keep_pulled_within;
  std::optional<std::vector<RuleWord>> keep_tags;  ///< patterns
  bool keep_semver = false;
  bool keep_nothing = false;  ///< it is meant that no tagged manifest stays
  std::optional<std::chrono::milliseconds> untagged_older_than;
  std::chrono::milliseconds every = std::chrono::hours{24};

  bool operator==(const RetentionRule&) const = default;
};

/// One item of `rules:`. Of those whose patterns match a repository, the first that has a
/// key decides it.
struct Rule {
  std::vector<RuleWord> repositories;  ///< patterns; that they are good is for `auth` to say
  std::optional<std::vector<RuleWord>> immutable_tags;  ///< patterns
  std::optional<RetentionRule> retention;
  std::optional<std::chrono::milliseconds> history;         ///< in place of `storage.history`
  std::optional<std::chrono::milliseconds> untagged_after;  ///< the last tag: it goes
  std::string where;

  friend bool operator==(const Rule& one, const Rule& other) {
    const auto parts = [](const Rule& rule) {
      return std::tie(rule.repositories, rule.immutable_tags, rule.retention, rule.history,
                      rule.untagged_after);
    };
    return parts(one) == parts(other);
  }
};

}  // namespace shale::config
