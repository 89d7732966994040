#include "auth/policy_compiler.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "auth/text.h"

namespace shale::auth {
namespace {

using Notes = std::vector<PolicyNote>;

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::optional<Subject> parse_subject(const std::string& text) {
  if (text == "anonymous") return Subject{Subject::Kind::kAnonymous, {}};
  if (text == "authenticated") return Subject{Subject::Kind::kAuthenticated, {}};
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string kind = text.substr(0, colon);
  std::string name = text.substr(colon + 1);
  if (!is_account_name(name)) return std::nullopt;
  if (kind == "user") return Subject{Subject::Kind::kUser, std::move(name)};
  if (kind == "group") return Subject{Subject::Kind::kGroup, std::move(name)};
  if (kind == "robot") return Subject{Subject::Kind::kRobot, std::move(name)};
  return std::nullopt;
}

AccessPolicy::Groups compile_groups(const PolicyText& text, Notes& errors) {
  AccessPolicy::Groups groups;
  for (const PolicyGroupText& group : text.groups) {
    if (!is_account_name(group.name.text)) {
      errors.push_back({group.name.line, quoted(group.name.text) + " cannot name a group"});
    }
    std::set<std::string> members;
    for (const PolicyWord& member : group.members) {
      const bool robot = member.text.starts_with("robot:");
      if (!is_account_name(robot ? member.text.substr(6) : member.text)) {
        errors.push_back(
            {member.line,
             quoted(member.text) + " is no member: write the name of a user, or " + "robot:NAME"});
      }
      members.insert(member.text);
    }
    groups.insert_or_assign(group.name.text, std::move(members));
  }
  return groups;
}

Rule compile_rule(const PolicyRuleText& text, Notes& errors) {
  Rule rule{
      .effect = text.effect, .subjects = {}, .repositories = {}, .actions = {}, .line = text.line};
  for (const PolicyWord& word : text.actions) {
    if (const auto action = parse_action(word.text)) {
      rule.actions.insert(*action);
    } else {
      errors.push_back({word.line, quoted(word.text) + " is no action: write pull, push, " +
                                       "overwrite, delete or admin"});
    }
  }
  for (const PolicyWord& word : text.subjects) {
    if (auto subject = parse_subject(word.text)) {
      rule.subjects.push_back(*std::move(subject));
    } else {
      errors.push_back({word.line, quoted(word.text) + " is no subject: write user:NAME, " +
                                       "group:NAME, robot:NAME, anonymous or authenticated"});
    }
  }
  for (const PolicyWord& word : text.repositories) {
    if (auto pattern = RepositoryPattern::parse(word.text)) {
      rule.repositories.push_back(*std::move(pattern));
    } else {
      errors.push_back({word.line, quoted(word.text) + " matches no repository: write names such " +
                                       "as team-a/app, or patterns such as team-a/** and **"});
    }
  }
  return rule;
}

bool covers(const Subject& wide, const Subject& narrow, const AccessPolicy::Groups& groups) {
  if (wide == narrow) return true;
  if (narrow.kind == Subject::Kind::kAnonymous) return false;
  if (wide.kind == Subject::Kind::kAuthenticated) return true;
  if (wide.kind != Subject::Kind::kGroup) return false;
  const auto members = groups.find(wide.name);
  if (members == groups.end()) return false;
  if (narrow.kind == Subject::Kind::kUser) return members->second.contains(narrow.name);
  return narrow.kind == Subject::Kind::kRobot && members->second.contains(narrow.str());
}

/// Whether whatever `narrow` matches for that action is decided by `wide` already.
bool covers(const Rule& wide, const Rule& narrow, Action action,
            const AccessPolicy::Groups& groups) {
  if (!wide.actions.contains(action)) return false;
  const bool subjects = std::ranges::all_of(narrow.subjects, [&](const Subject& n) {
    return std::ranges::any_of(wide.subjects,
                               [&](const Subject& w) { return covers(w, n, groups); });
  });
  return subjects && std::ranges::all_of(narrow.repositories, [&](const RepositoryPattern& n) {
           return std::ranges::any_of(wide.repositories,
                                      [&](const RepositoryPattern& w) { return w.covers(n); });
         });
}

void warn_of_unreachable(const AccessPolicy& policy, Notes& warnings) {
  const auto& rules = policy.rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::size_t last_line = 0;
    const bool unreachable = std::ranges::all_of(rules[i].actions, [&](Action action) {
      for (std::size_t before = 0; before < i; ++before) {
        if (!covers(rules[before], rules[i], action, policy.groups())) continue;
        last_line = std::max(last_line, rules[before].line);
        return true;
      }
      return false;
    });
    if (unreachable) {
      warnings.push_back({rules[i].line, "this rule decides nothing: the one of line " +
                                             std::to_string(last_line) +
                                             " and those before it match first"});
    }
  }
}

void warn_of_doubtful(const AccessPolicy& policy, Notes& warnings) {
  for (const Rule& rule : policy.rules()) {
    for (const Subject& subject : rule.subjects) {
      if (subject.kind == Subject::Kind::kGroup && !policy.groups().contains(subject.name)) {
        warnings.push_back({rule.line, "the group " + subject.name + " is not in this file"});
      }
    }
    for (const RepositoryPattern& pattern : rule.repositories) {
      if (pattern.str() == "*") {
        warnings.push_back(
            {rule.line, "* matches only repositories without a slash: ** matches them all"});
      }
    }
  }
}

}  // namespace

std::variant<CompiledPolicy, std::vector<PolicyNote>> compile_policy(const PolicyText& text) {
  Notes errors;
  AccessPolicy::Groups groups = compile_groups(text, errors);
  std::vector<Rule> rules;
  for (const PolicyRuleText& rule : text.rules) {
    rules.push_back(compile_rule(rule, errors));
    if (rule.actions.empty()) errors.push_back({rule.line, "the rule names no action"});
    if (rule.subjects.empty()) errors.push_back({rule.line, "the rule names no subject"});
    if (rule.repositories.empty()) errors.push_back({rule.line, "the rule names no repository"});
  }
  if (!errors.empty()) return errors;
  CompiledPolicy compiled{AccessPolicy(std::move(rules), std::move(groups)), {}};
  warn_of_unreachable(compiled.policy, compiled.warnings);
  warn_of_doubtful(compiled.policy, compiled.warnings);
  std::ranges::sort(compiled.warnings, {},
                    [](const PolicyNote& note) { return std::tie(note.line, note.what); });
  return compiled;
}

}  // namespace shale::auth
