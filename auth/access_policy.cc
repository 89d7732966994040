#include "auth/access_policy.h"

#include <algorithm>

namespace shale::auth {
namespace {

std::string member_name(const Identity& who) {
  return who.kind == Identity::Kind::kRobot ? "robot:" + who.name : who.name;
}

/// One rule, for these everywhere.
Rule all_but_admin(std::vector<Subject> subjects) {
  return {.effect = Rule::Effect::kAllow,
          .subjects = std::move(subjects),
          // NOLINTNEXTLINE(bugprone-unchecked-optional-access): a pattern it is
          .repositories = {*RepositoryPattern::parse("**")},
          .actions = {Action::kPull, Action::kPush, Action::kOverwrite, Action::kDelete},
          .line = 0};
}

}  // namespace

std::string Subject::str() const {
  switch (kind) {
    case Kind::kUser:
      return "user:" + name;
    case Kind::kGroup:
      return "group:" + name;
    case Kind::kRobot:
      return "robot:" + name;
    case Kind::kAnonymous:
      return "anonymous";
    case Kind::kAuthenticated:
      break;
  }
  return "authenticated";
}

std::string Decision::str() const {
  switch (by) {
    case By::kNothing:
      return "no rule matches";
    case By::kPermissions:
      return allowed ? "the robot's own permissions" : "beyond the robot's permissions";
    case By::kOperator:
      return "the operator";
    case By::kRule:
      break;
  }
  std::string text = "rule " + std::to_string(rule);
  if (line > 0) text += " (line " + std::to_string(line) + ')';
  return text;
}

AccessPolicy AccessPolicy::for_everybody_known() {
  return {{all_but_admin({{Subject::Kind::kAuthenticated, {}}})}, {}};
}

AccessPolicy AccessPolicy::for_everybody() {
  return {{all_but_admin({{Subject::Kind::kAuthenticated, {}}, {Subject::Kind::kAnonymous, {}}})},
          {}};
}

Decision AccessPolicy::decide(const Identity& who, std::string_view repository,
                              Action action) const {
  using By = Decision::By;
  if (who.kind == Identity::Kind::kOperator) return {.allowed = true, .by = By::kOperator};
  if (!who.permissions) return first_match(who, repository, action);
  if (!permits(*who.permissions, repository, action)) return {.by = By::kPermissions};
  const Decision decision = first_match(who, repository, action);
  return decision.by == By::kRule ? decision : Decision{.allowed = true, .by = By::kPermissions};
}

Decision AccessPolicy::first_match(const Identity& who, std::string_view repository,
                                   Action action) const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    if (!rule.actions.contains(action) || !concerns(rule, who)) continue;
    const bool here = std::ranges::any_of(
        rule.repositories, [&](const RepositoryPattern& p) { return p.matches(repository); });
    if (!here) continue;
    return {.allowed = rule.effect == Rule::Effect::kAllow,
            .by = Decision::By::kRule,
            .rule = i + 1,
            .line = rule.line};
  }
  return {};
}

bool AccessPolicy::allows_somewhere(const Identity& who, Action action) const {
  if (who.kind == Identity::Kind::kOperator) return true;
  if (who.permissions) {
    return std::ranges::any_of(*who.permissions,
                               [&](const Permission& p) { return p.actions.contains(action); });
  }
  for (const Rule& rule : rules_) {
    if (!rule.actions.contains(action) || !concerns(rule, who)) continue;
    if (rule.effect == Rule::Effect::kAllow) return true;
    const bool everywhere = std::ranges::any_of(
        rule.repositories, [](const RepositoryPattern& p) { return p.str() == "**"; });
    if (everywhere) return false;
  }
  return false;
}

bool AccessPolicy::allows_throughout(const Identity& who, const RepositoryPattern& where,
                                     Action action) const {
  if (who.kind == Identity::Kind::kOperator) return true;
  const auto covers = [&](const RepositoryPattern& pattern) { return pattern.covers(where); };
  if (who.permissions && std::ranges::none_of(*who.permissions, [&](const Permission& own) {
        return own.actions.contains(action) && std::ranges::any_of(own.repositories, covers);
      })) {
    return false;
  }
  for (const Rule& rule : rules_) {
    if (!rule.actions.contains(action) || !concerns(rule, who)) continue;
    if (rule.effect == Rule::Effect::kAllow) {
      if (std::ranges::any_of(rule.repositories, covers)) return true;
    } else if (std::ranges::any_of(rule.repositories, [&](const RepositoryPattern& pattern) {
                 return pattern.may_meet(where);
               })) {
      return false;
    }
  }
  return who.permissions != nullptr;
}

bool AccessPolicy::concerns(const Rule& rule, const Identity& who) const {
  return std::ranges::any_of(rule.subjects, [&](const Subject& s) { return concerns(s, who); });
}

bool AccessPolicy::concerns(const Subject& subject, const Identity& who) const {
  switch (subject.kind) {
    case Subject::Kind::kUser:
      return who.kind == Identity::Kind::kUser && who.name == subject.name;
    case Subject::Kind::kRobot:
      return who.kind == Identity::Kind::kRobot && who.name == subject.name;
    case Subject::Kind::kGroup:
      return is_member(subject.name, who);
    case Subject::Kind::kAnonymous:
      return who.anonymous();
    case Subject::Kind::kAuthenticated:
      return !who.anonymous();
  }
  return false;
}

bool AccessPolicy::is_member(const std::string& group, const Identity& who) const {
  if (who.anonymous()) return false;
  if (std::ranges::find(who.groups, group) != who.groups.end()) return true;
  const auto members = groups_.find(group);
  return members != groups_.end() && members->second.contains(member_name(who));
}

}  // namespace shale::auth
