#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/access_policy.h"
#include "server/cli/policy.h"
#include "tests/fuzz/fuzz.h"

namespace shale::cli {
namespace {

using auth::Action;
using auth::Identity;

constexpr Action kEvery[] = {Action::kPull, Action::kPush, Action::kOverwrite, Action::kDelete,
                             Action::kAdmin};

Identity known(Identity::Kind kind, std::string name, std::vector<std::string> groups) {
  return {.kind = kind, .name = std::move(name), .groups = std::move(groups)};
}

/// What a rule says of its subjects, in the plainest words.
bool names(const auth::Rule& rule, const Identity& who, const auth::AccessPolicy& policy) {
  using Kind = auth::Subject::Kind;
  const auto in = [&](const std::string& group) {
    const std::string member = who.kind == Identity::Kind::kRobot ? "robot:" + who.name : who.name;
    const auto found = policy.groups().find(group);
    return std::ranges::count(who.groups, group) > 0 ||
           (!who.anonymous() && found != policy.groups().end() && found->second.contains(member));
  };
  return std::ranges::any_of(rule.subjects, [&](const auth::Subject& subject) {
    switch (subject.kind) {
      case Kind::kAnonymous:
        return who.anonymous();
      case Kind::kAuthenticated:
        return !who.anonymous();
      case Kind::kUser:
        return who.kind == Identity::Kind::kUser && who.name == subject.name;
      case Kind::kRobot:
        return who.kind == Identity::Kind::kRobot && who.name == subject.name;
      case Kind::kGroup:
        break;
    }
    return in(subject.name);
  });
}

/// The first rule that matches, found without any of the shortcuts.
std::size_t deciding_rule(const auth::AccessPolicy& policy, const Identity& who,
                          std::string_view repository, Action action) {
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    const auth::Rule& rule = policy.rules()[i];
    const bool there = std::ranges::any_of(
        rule.repositories, [&](const auto& pattern) { return pattern.matches(repository); });
    if (there && rule.actions.contains(action) && names(rule, who, policy)) return i + 1;
  }
  return 0;
}

void check(const auth::AccessPolicy& policy) {
  const Identity callers[] = {
      {},
      known(Identity::Kind::kUser, "alice", {}),
      known(Identity::Kind::kUser, "bob", {"ops"}),
      known(Identity::Kind::kRobot, "alice", {}),
      known(Identity::Kind::kRobot, "ci", {"team-a"}),
  };
  for (const Identity& who : callers) {
    for (const Action action : kEvery) {
      for (const std::string_view repository : {"app", "team-a/app", "team-a/x/y", "public/a-b"}) {
        const auth::Decision decision = policy.decide(who, repository, action);
        FUZZ_CHECK(decision.rule == deciding_rule(policy, who, repository, action));
        FUZZ_CHECK(decision.allowed ==
                   (decision.rule > 0 &&
                    policy.rules()[decision.rule - 1].effect == auth::Rule::Effect::kAllow));
        FUZZ_CHECK(!decision.allowed || policy.allows_somewhere(who, action));
      }
    }
  }
}

bool is_placed(const std::string& line) {
  return line.starts_with("policy.yaml") && line.find('\n') == std::string::npos;
}

/// From the text of a file to what it decides.
void run(std::string_view bytes) {
  const auto read = understand_policy(std::string(bytes), "policy.yaml");
  if (const auto* errors = std::get_if<std::vector<std::string>>(&read)) {
    FUZZ_CHECK(!errors->empty());
    FUZZ_CHECK(std::ranges::all_of(*errors, is_placed));
    return;
  }
  const auto& good = std::get<LoadedPolicy>(read);
  FUZZ_CHECK(std::ranges::all_of(good.warnings, is_placed));
  check(*good.policy);
}

}  // namespace
}  // namespace shale::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::cli::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
