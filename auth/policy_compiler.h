#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "auth/access_policy.h"

namespace shale::auth {

/// A word of a policy file, and where it stands.
struct PolicyWord {
  std::string text;
  std::size_t line = 0;
};

/// A rule as written.
struct PolicyRuleText {
  Rule::Effect effect = Rule::Effect::kDeny;
  std::vector<PolicyWord> actions;
  std::vector<PolicyWord> subjects;
  std::vector<PolicyWord> repositories;
  std::size_t line = 0;
};

struct PolicyGroupText {
  PolicyWord name;
  std::vector<PolicyWord> members;
};

struct PolicyText {
  std::vector<PolicyGroupText> groups;
  std::vector<PolicyRuleText> rules;
};

/// Something wrong or doubtful, and where.
struct PolicyNote {
  std::size_t line = 0;
  std::string what;
};

struct CompiledPolicy {
  AccessPolicy policy;
  std::vector<PolicyNote> warnings;  ///< rules that can decide nothing, groups without rule
};

/// A policy, or everything that is wrong with the text.
std::variant<CompiledPolicy, std::vector<PolicyNote>> compile_policy(const PolicyText& text);

}  // namespace shale::auth
