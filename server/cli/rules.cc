#include "server/cli/rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/repository_pattern.h"

namespace shale::cli {
namespace {

std::vector<std::string> texts_of(const std::vector<config::RuleWord>& words) {
  std::vector<std::string> texts;
  texts.reserve(words.size());
  for (const config::RuleWord& word : words)
    texts.push_back(word.text);
  return texts;
}

std::optional<std::vector<std::string>> texts_of(
    const std::optional<std::vector<config::RuleWord>>& words) {
  return words ? std::optional(texts_of(*words)) : std::nullopt;
}

registry::Retention retention_of(const config::RetentionRule& rule) {
  return {.keep_last = rule.keep_last,
          .keep_pulled_within = rule.keep_pulled_within,
          .keep_tags = texts_of(rule.keep_tags),
          .keep_semver = rule.keep_semver,
          .keep_nothing = rule.keep_nothing,
          .untagged_older_than = rule.untagged_older_than,
          .every = rule.every};
}

registry::Rule rule_of(const config::Rule& rule) {
  std::vector<auth::RepositoryPattern> patterns;
  for (const config::RuleWord& word : rule.repositories) {
    if (auto pattern = auth::RepositoryPattern::parse(word.text)) {
      patterns.push_back(*std::move(pattern));
    }
  }
  registry::Rule made;
  made.matches = [patterns = std::move(patterns)](std::string_view repository) {
    return std::ranges::any_of(patterns, [&](const auth::RepositoryPattern& pattern) {
      return pattern.matches(repository);
    });
  };
  made.repositories = texts_of(rule.repositories);
  made.immutable_tags = texts_of(rule.immutable_tags);
  if (rule.retention) made.retention = retention_of(*rule.retention);
  made.history = rule.history;
  made.untagged_after = rule.untagged_after;
  made.where = rule.where;
  return made;
}

}  // namespace

std::shared_ptr<const registry::Rules> make_rules(const config::Config& config) {
  std::vector<registry::Rule> made;
  made.reserve(config.rules.size());
  for (const config::Rule& rule : config.rules)
    made.push_back(rule_of(rule));
  return std::make_shared<const registry::Rules>(std::move(made), config.storage.history);
}

}  // namespace shale::cli
