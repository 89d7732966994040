#include "auth/policy_compiler.h"

#include <doctest/doctest.h>

#include "tests/auth/policies.h"

namespace shale::auth {
namespace {

std::vector<PolicyNote> errors(const PolicyText& text) {
  auto result = compile_policy(text);
  const auto* notes = std::get_if<std::vector<PolicyNote>>(&result);
  return notes == nullptr ? std::vector<PolicyNote>{} : *notes;
}

std::vector<std::size_t> warned_lines(std::vector<PolicyRuleText> rules) {
  auto result = compile_policy(with_team_a(std::move(rules)));
  REQUIRE(std::holds_alternative<CompiledPolicy>(result));
  std::vector<std::size_t> lines;
  for (const PolicyNote& note : std::get<CompiledPolicy>(result).warnings)
    lines.push_back(note.line);
  return lines;
}

TEST_CASE("PolicyCompiler: every word that means nothing is named with its line") {
  const auto found = errors({.groups = {{{"team:a", 2}, {{"a,b", 3}}}},
                             .rules = {allow({"pull", "read"}, {"alice", "user:"}, {"Team/**"}, 5),
                                       deny({}, {}, {}, 9)}});
  REQUIRE(found.size() == 9);
  CHECK(found[0].line == 2);
  CHECK(found[1].line == 3);
  CHECK(found[2].what == "\"read\" is no action: write pull, push, overwrite, delete or admin");
  CHECK(found[2].line == 5);
  CHECK(found[3].what.starts_with("\"alice\" is no subject"));
  CHECK(found[4].what.starts_with("\"user:\" is no subject"));
  CHECK(found[5].what.starts_with("\"Team/**\" matches no repository"));
  CHECK(found[8].line == 9);
}

TEST_CASE("PolicyCompiler: a rule that can decide nothing is warned of") {
  CHECK(warned_lines({allow({"pull", "push"}, {"authenticated"}, {"**"}, 1),
                      deny({"push"}, {"user:alice"}, {"team-a/**"}, 2)}) ==
        std::vector<std::size_t>{2});
  CHECK(warned_lines({allow({"pull"}, {"group:team-a"}, {"a/**"}, 1),
                      allow({"push"}, {"group:team-a"}, {"a/**"}, 2),
                      allow({"pull", "push"}, {"user:bob"}, {"a/b"}, 3)}) ==
        std::vector<std::size_t>{3});
}

TEST_CASE("PolicyCompiler: a rule that decides something is not warned of") {
  CHECK(warned_lines({allow({"pull"}, {"authenticated"}, {"**"}, 1),
                      allow({"pull"}, {"anonymous"}, {"**"}, 2)})
            .empty());
  CHECK(warned_lines({deny({"push"}, {"user:alice"}, {"team-a/**"}, 1),
                      allow({"push"}, {"group:team-a"}, {"**"}, 2),
                      allow({"push"}, {"user:carol"}, {"**"}, 3)})
            .empty());
}

TEST_CASE("PolicyCompiler: a group that nobody defined and a lone star are warned of") {
  CHECK(warned_lines({allow({"pull"}, {"group:team-b"}, {"**"}, 4)}) ==
        std::vector<std::size_t>{4});
  CHECK(warned_lines({allow({"pull"}, {"anonymous"}, {"*"}, 7)}) == std::vector<std::size_t>{7});
}

}  // namespace
}  // namespace shale::auth
