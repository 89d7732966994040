#include "server/config/rules_yaml.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include <yaml-cpp/yaml.h>

#include "server/config/text.h"
#include "server/config/units.h"

namespace shale::config {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<RuleWord>;

constexpr std::string_view kKeys =
    "write repositories, immutable_tags, retention, history or untagged_after";
constexpr std::string_view kRetentionKeys =
    "write keep_last, keep_pulled_within, keep_tags, keep_semver, keep_nothing, "
    "untagged_older_than or every";

bool is_tag_pattern(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-*?";
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos && text.front() != '.' &&
         text.front() != '-';
}

class RulesReader {
 public:
  explicit RulesReader(const std::string& path) : path_(path) {}

  RulesRead read(const YAML::Node& node) {
    if (node.IsSequence()) {
      for (const YAML::Node& item : node)
        read_rule(item);
    } else if (!node.IsNull()) {
      note(node, "write a list, each item beginning with `- repositories:`");
    }
    if (read_.problems.empty()) find_hidden();
    return std::move(read_);
  }

 private:
  /// Calls `look(key, key's node, value)` for each member; doubles are noted.
  template <class Look>
  void each_member(const YAML::Node& node, Look look) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
      if (!seen.insert(key).second) {
        note(entry.first, quoted(key) + " is already above in this rule");
      } else {
        look(key, entry.first, entry.second.IsNull() ? entry.first : entry.second);
      }
    }
  }

  void read_rule(const YAML::Node& node) {
    if (!node.IsMap()) return note(node, "a rule is `repositories:` and what holds for them");
    Rule rule;
    rule.where = at(node);
    bool says_something = false;
    each_member(node, [&](const std::string& key, const YAML::Node& name, const YAML::Node& value) {
      says_something = says_something || key != "repositories";
      if (key == "repositories") {
        rule.repositories = read_words(value, "patterns of repositories");
      } else if (key == "immutable_tags") {
        rule.immutable_tags = read_tags(value);
      } else if (key == "retention") {
        rule.retention = read_retention(value);
      } else if (key == "history") {
        rule.history = read_duration(value);
      } else if (key == "untagged_after") {
        rule.untagged_after = read_duration(value);
      } else {
        note(name, quoted(key) + " is not known in a rule: " + std::string(kKeys));
      }
    });
    if (rule.repositories.empty()) note(node, "this rule names no `repositories:`");
    if (!says_something) note(node, "this rule says nothing of its repositories");
    read_.rules.push_back(std::move(rule));
  }

  RetentionRule read_retention(const YAML::Node& node) {
    RetentionRule rule;
    if (!node.IsMap()) {
      note(node, "retention: " + std::string(kRetentionKeys) + ", indented below it");
      return rule;
    }
    const std::size_t before = read_.problems.size();
    each_member(node, [&](const std::string& key, const YAML::Node& name, const YAML::Node& value) {
      if (key == "keep_last") {
        rule.keep_last = read_count(value);
      } else if (key == "keep_pulled_within") {
        rule.keep_pulled_within = read_duration(value);
      } else if (key == "keep_tags") {
        rule.keep_tags = read_tags(value);
      } else if (key == "keep_semver") {
        rule.keep_semver = read_truth(value);
      } else if (key == "keep_nothing") {
        rule.keep_nothing = read_truth(value);
      } else if (key == "untagged_older_than") {
        rule.untagged_older_than = read_duration(value);
      } else if (key == "every") {
        rule.every = read_duration(value);
        if (rule.every < std::chrono::minutes(1)) {
          note(value, "every: at least 1m: each run reads the whole repository");
        }
      } else {
        note(name, quoted(key) + " is not known in retention: " + std::string(kRetentionKeys));
      }
    });
    if (read_.problems.size() == before) check(rule, node);
    return rule;
  }

  void check(const RetentionRule& rule, const YAML::Node& node) {
    const bool speaks_of_tags =
        rule.keep_last || rule.keep_pulled_within || rule.keep_tags || rule.keep_semver;
    const bool keeps = rule.keep_last.value_or(0) > 0 ||
                       rule.keep_pulled_within.value_or(milliseconds(0)).count() > 0 ||
                       (rule.keep_tags && !rule.keep_tags->empty()) || rule.keep_semver;
    if (keeps && rule.keep_nothing) {
      note(node, "keep_nothing contradicts what else is kept: remove the one or the other");
    } else if (speaks_of_tags && !keeps && !rule.keep_nothing) {
      note(node,
           "this retention keeps no tagged manifest at all: say what is to stay, or, if that is "
           "meant, keep_nothing: true");
    } else if (!speaks_of_tags && !rule.untagged_older_than && !rule.keep_nothing) {
      note(node, "this retention removes nothing: " + std::string(kRetentionKeys));
    }
  }

  /// The same pattern with the same key once more would never be asked.
  void find_hidden() {
    std::map<std::pair<std::string, std::string>, std::string> first;
    for (const Rule& rule : read_.rules) {
      std::set<std::string> own;
      for (const RuleWord& word : rule.repositories) {
        if (!own.insert(word.text).second) {
          note(word.where, quoted(word.text) + " stands twice in this rule");
          continue;
        }
        for (const std::string& key : keys_of(rule)) {
          const auto [found, fresh] = first.try_emplace({word.text, key}, word.where);
          if (fresh) continue;
          note(word.where, key + " of " + quoted(word.text) + " is said at " + found->second +
                               " already, and the first decides: remove one of the two");
        }
      }
    }
  }

  static std::vector<std::string> keys_of(const Rule& rule) {
    std::vector<std::string> keys;
    if (rule.immutable_tags) keys.emplace_back("immutable_tags");
    if (rule.retention) keys.emplace_back("retention");
    if (rule.history) keys.emplace_back("history");
    if (rule.untagged_after) keys.emplace_back("untagged_after");
    return keys;
  }

  /// A list, or one word without the list.
  Words read_words(const YAML::Node& node, const std::string& what) {
    Words words;
    if (node.IsScalar()) return {{node.Scalar(), at(node)}};
    if (!node.IsSequence()) {
      note(node, "expected a list of " + what);
      return words;
    }
    for (const YAML::Node& item : node) {
      if (item.IsScalar()) {
        words.push_back({item.Scalar(), at(item)});
      } else {
        note(item.IsNull() ? node : item, "expected " + what + " in this list, and nothing else");
      }
    }
    return words;
  }

  Words read_tags(const YAML::Node& node) {
    Words words = read_words(node, "patterns of tags");
    for (const RuleWord& word : words) {
      if (is_tag_pattern(word.text)) continue;
      note(word.where, quoted(word.text) +
                           " can match no tag: write letters, digits, `_`, `.` and `-`, with * for "
                           "anything and ? for one character, such as v*");
    }
    return words;
  }

  milliseconds read_duration(const YAML::Node& node) {
    const auto parsed = parse_duration(node.IsScalar() ? node.Scalar() : std::string());
    if (const auto* wrong = std::get_if<Wrong>(&parsed)) {
      note(node, wrong->why);
      return milliseconds(0);
    }
    return std::get<milliseconds>(parsed);
  }

  std::size_t read_count(const YAML::Node& node) {
    constexpr std::size_t kMost = 1'000'000;
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    const auto count = parse_number<std::size_t>(text);
    if (count && *count <= kMost) return *count;
    note(node, quoted(text) + " is no count: write a whole number from 0 to 1000000");
    return 0;
  }

  bool read_truth(const YAML::Node& node) {
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    if (text != "true" && text != "false") note(node, quoted(text) + ": write true or false");
    return text == "true";
  }

  std::string at(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) return path_;
    return path_ + ':' + std::to_string(mark.line + 1) + ':' + std::to_string(mark.column + 1);
  }

  void note(const YAML::Node& node, std::string what) { note(at(node), std::move(what)); }
  void note(std::string where, std::string what) {
    read_.problems.push_back({std::move(where), "rules", std::move(what)});
  }

  const std::string& path_;
  RulesRead read_;
};

std::string list_of(const Words& words) {
  std::string list = "[";
  for (const RuleWord& word : words)
    list += (list.size() > 1 ? ", " : "") + quoted(word.text);
  return list + ']';
}

std::string retention_to_yaml(const RetentionRule& rule) {
  std::string yaml = "    retention:\n";
  const auto line = [&](std::string_view key, const std::string& value) {
    yaml += "      " + std::string(key) + ": " + value + '\n';
  };
  if (rule.keep_last) line("keep_last", std::to_string(*rule.keep_last));
  if (rule.keep_pulled_within) {
    line("keep_pulled_within", format_duration(*rule.keep_pulled_within));
  }
  if (rule.keep_tags) line("keep_tags", list_of(*rule.keep_tags));
  if (rule.keep_semver) line("keep_semver", "true");
  if (rule.keep_nothing) line("keep_nothing", "true");
  if (rule.untagged_older_than) {
    line("untagged_older_than", format_duration(*rule.untagged_older_than));
  }
  line("every", format_duration(rule.every));
  return yaml;
}

}  // namespace

RulesRead read_rules(const YAML::Node& node, const std::string& path) {
  return RulesReader(path).read(node);
}

std::string rules_to_yaml(const std::vector<Rule>& rules) {
  if (rules.empty()) return {};
  std::string yaml = "rules:\n";
  for (const Rule& rule : rules) {
    yaml += "  - repositories: " + list_of(rule.repositories) + '\n';
    if (rule.immutable_tags) yaml += "    immutable_tags: " + list_of(*rule.immutable_tags) + '\n';
    if (rule.retention) yaml += retention_to_yaml(*rule.retention);
    if (rule.history) yaml += "    history: " + format_duration(*rule.history) + '\n';
    if (rule.untagged_after) {
      yaml += "    untagged_after: " + format_duration(*rule.untagged_after) + '\n';
    }
  }
  return yaml;
}

std::string rules_reference() {
  return R"(
# What holds for which repositories: a list. Of the rules whose patterns match a repository, the
# first that has a key decides it. Patterns of repositories are those of policies: * within one
# part of a name, ** for any parts. In patterns of tags, * is anything and ? one character. Rules
# stand in this file only, not in the environment and not in flags.
#rules:
  # - repositories: ["prod/**"]
  #   # Tags that neither move nor go once they are there.
  #   immutable_tags: ["v*"]
  #   # How long deleted manifests can be restored, in place of storage.history.
  #   history: 90d
  # - repositories: ["ci/**"]
  #   # A manifest goes so long after it has lost its last tag, and never sooner than
  #   # storage.lease. Default: it stays.
  #   untagged_after: 1d
  #   # Tagged manifests stay that one of the keep_ lines keeps; the others go.
  #   retention:
  #     # The last ones by the time of their push.
  #     keep_last: 20
  #     keep_pulled_within: 30d
  #     keep_tags: ["latest", "release-*"]
  #     # Tags that are versions, such as 1.2.3 or v1.2.3-rc.1.
  #     keep_semver: true
  #     # Manifests without tags go when they are older. Default: they stay.
  #     untagged_older_than: 7d
  #     # How often that is looked at. Default: 24h.
  #     every: 24h
)";
}

}  // namespace shale::config
