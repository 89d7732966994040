#include "server/registry/rules.h"

#include <algorithm>
#include <utility>

namespace shale::registry {
namespace {

constexpr std::string_view kDigits = "0123456789";

/// Takes a number without superfluous zeros from the front.
bool take_number(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_not_of(kDigits), text.size());
  if (length == 0 || (length > 1 && text.front() == '0')) return false;
  text.remove_prefix(length);
  return true;
}

/// Parts between dots, none of them empty; numbers in them without superfluous zeros.
bool are_identifiers(std::string_view text) {
  while (true) {
    const std::size_t length = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, length);
    const bool plain = std::ranges::all_of(part, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    const bool number = part.find_first_not_of(kDigits) == std::string_view::npos;
    if (part.empty() || !plain || (number && part.size() > 1 && part.front() == '0')) return false;
    if (length == text.size()) return true;
    text.remove_prefix(length + 1);
  }
}

}  // namespace

bool tag_matches(std::string_view pattern, std::string_view tag) {
  // Where to go on from when what follows the last star does not fit.
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;
  while (t < tag.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, t};
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == tag[t])) {
      ++p;
      ++t;
    } else if (star) {
      p = star->first;
      t = ++star->second;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_semver(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  for (int part = 0; part < 3; ++part) {
    if (part > 0) {
      if (!tag.starts_with('.')) return false;
      tag.remove_prefix(1);
    }
    if (!take_number(tag)) return false;
  }
  return tag.empty() || (tag.front() == '-' && are_identifiers(tag.substr(1)));
}

template <class T>
const Rule* Rules::deciding(const index::RepositoryName& repository,
                            std::optional<T> Rule::* member) const {
  const auto found = std::ranges::find_if(rules_, [&](const Rule& rule) {
    return (rule.*member).has_value() && rule.matches(repository.str());
  });
  return found == rules_.end() ? nullptr : &*found;
}

std::optional<std::string> Rules::immutable(const index::RepositoryName& repository,
                                            const index::Tag& tag) const {
  const Rule* rule = deciding(repository, &Rule::immutable_tags);
  if (rule == nullptr || !rule->immutable_tags) return std::nullopt;
  for (const std::string& pattern : *rule->immutable_tags) {
    if (!tag_matches(pattern, tag.str())) continue;
    std::string words = "the rule for ";
    for (const std::string& other : rule->repositories)
      words.append(&other == &rule->repositories.front() ? "" : ", ").append(other);
    return words.append(" keeps the tags ").append(pattern).append(" as they are");
  }
  return std::nullopt;
}

const Retention* Rules::retention(const index::RepositoryName& repository) const {
  const Rule* rule = deciding(repository, &Rule::retention);
  return rule != nullptr && rule->retention ? &*rule->retention : nullptr;
}

std::chrono::milliseconds Rules::history(const index::RepositoryName& repository) const {
  const Rule* rule = deciding(repository, &Rule::history);
  return rule == nullptr ? history_ : rule->history.value_or(history_);
}

std::optional<std::chrono::milliseconds> Rules::untagged_after(
    const index::RepositoryName& repository) const {
  const Rule* rule = deciding(repository, &Rule::untagged_after);
  return rule == nullptr ? std::nullopt : rule->untagged_after;
}

std::optional<std::chrono::milliseconds> Rules::shortest_schedule() const {
  std::optional<std::chrono::milliseconds> shortest;
  for (const Rule& rule : rules_) {
    if (!rule.retention) continue;
    shortest = std::min(shortest.value_or(rule.retention->every), rule.retention->every);
  }
  return shortest;
}

index::StorePolicy store_policy(std::shared_ptr<const Rules> rules) {
  index::StorePolicy policy;
  policy.immutable = [rules](const index::RepositoryName& repository, const index::Tag& tag) {
    return rules->immutable(repository, tag);
  };
  policy.history = [rules](const index::RepositoryName& repository) {
    return rules->history(repository);
  };
  policy.untagged = [rules = std::move(rules)](const index::RepositoryName& repository) {
    return rules->untagged_after(repository);
  };
  return policy;
}

}  // namespace shale::registry
