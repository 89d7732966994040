#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "auth/policy_compiler.h"

namespace shale::auth {

inline Identity user(std::string name) {
  return {.kind = Identity::Kind::kUser, .name = std::move(name), .groups = {}};
}

inline Identity robot(std::string name) {
  return {.kind = Identity::Kind::kRobot, .name = std::move(name), .groups = {}};
}

using WordList = std::initializer_list<const char*>;

inline PolicyRuleText rule_text(Rule::Effect effect, WordList actions, WordList subjects,
                                WordList repositories, std::size_t line) {
  const auto words = [line](WordList list) {
    std::vector<PolicyWord> all;
    for (const char* text : list)
      all.push_back({text, line});
    return all;
  };
  return {effect, words(actions), words(subjects), words(repositories), line};
}

inline PolicyRuleText allow(WordList actions, WordList subjects, WordList repositories,
                            std::size_t line = 0) {
  return rule_text(Rule::Effect::kAllow, actions, subjects, repositories, line);
}

inline PolicyRuleText deny(WordList actions, WordList subjects, WordList repositories,
                           std::size_t line = 0) {
  return rule_text(Rule::Effect::kDeny, actions, subjects, repositories, line);
}

/// With a group `team-a` of alice and bob.
inline PolicyText with_team_a(std::vector<PolicyRuleText> rules) {
  return {.groups = {{{"team-a", 1}, {{"alice", 1}, {"bob", 1}}}}, .rules = std::move(rules)};
}

inline AccessPolicy compiled(std::vector<PolicyRuleText> rules) {
  auto result = compile_policy(with_team_a(std::move(rules)));
  REQUIRE(std::holds_alternative<CompiledPolicy>(result));
  return std::get<CompiledPolicy>(std::move(result)).policy;
}

}  // namespace shale::auth
