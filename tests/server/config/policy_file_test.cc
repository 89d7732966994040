#include "server/config/policy_file.h"

#include <doctest/doctest.h>

#include "tests/server/config/config_file.h"

namespace shale::config {
namespace {

std::vector<std::string> problems_of(std::string_view text) {
  const ConfigFile file(text);
  const auto read = read_policy_file(file.path());
  std::vector<std::string> found;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&read)) {
    for (const Problem& problem : *problems)
      found.push_back(file.without_directory(problem.str()));
  }
  return found;
}

TEST_CASE("PolicyFile: groups and rules are read with their lines") {
  const ConfigFile file(
      "groups:\n"
      "  team-a: [alice, bob]\n"
      "rules:\n"
      "  - allow: [pull, push]\n"
      "    subjects: [group:team-a]\n"
      "    repositories:\n"
      "      - team-a/**\n"
      "      - shared\n"
      "  - deny: push\n"
      "    subjects: anonymous\n"
      "    repositories: '**'\n");
  const auto read = read_policy_file(file.path());
  REQUIRE(std::holds_alternative<PolicyFile>(read));
  const auto& policy = std::get<PolicyFile>(read);
  REQUIRE(policy.groups.size() == 1);
  CHECK(policy.groups[0].name.text == "team-a");
  CHECK(policy.groups[0].members.at(1).text == "bob");
  REQUIRE(policy.rules.size() == 2);
  CHECK(policy.rules[0].allow);
  CHECK(policy.rules[0].line == 4);
  CHECK(policy.rules[0].repositories.at(1).line == 8);
  CHECK_FALSE(policy.rules[1].allow);
  CHECK(policy.rules[1].actions.at(0).text == "push");
  CHECK(policy.rules[1].line == 9);
}

TEST_CASE("PolicyFile: everything that has the wrong form is named with its place") {
  CHECK(problems_of("") ==
        std::vector<std::string>{
            "shale.yaml: write `rules:` and, if need be, `groups:`, in one document"});
  CHECK(problems_of("rules:\n  - allow: [pull\n").size() == 1);
  CHECK(problems_of("groups: {}\n") ==
        std::vector<std::string>{"shale.yaml:1:1: there are no `rules:`"});
  const auto found = problems_of(
      "rule: x\n"
      "rules:\n"
      "  - allow: [pull]\n"
      "    deny: [push]\n"
      "    subjects: {a: b}\n"
      "    repository: x\n"
      "  - pull\n"
      "groups: [a]\n");
  REQUIRE(found.size() == 7);
  CHECK(found[0] == "shale.yaml:1:1: \"rule\" is not known here: write groups or rules");
  CHECK(found[1] == "shale.yaml:5:15: expected a list of subjects");
  CHECK(found[2].starts_with("shale.yaml:6:5: \"repository\" is not known in a rule"));
  CHECK(found[3].starts_with("shale.yaml:3:5: a rule has either"));
  CHECK(found[4] == "shale.yaml:3:5: this rule has no `repositories:`");
  CHECK(found[5].starts_with("shale.yaml:7:5: a rule is"));
  CHECK(found[6].starts_with("shale.yaml:8:9: groups: write lines"));
}

TEST_CASE("PolicyFile: a file that is not there, and one that makes yaml-cpp read on for ever") {
  const auto missing = read_policy_file("/nonexistent/policy.yaml");
  REQUIRE(std::holds_alternative<std::vector<Problem>>(missing));
  CHECK(std::get<std::vector<Problem>>(missing)[0].str().find("cannot be read") !=
        std::string::npos);
  CHECK(problems_of(", a").size() == 1);
}

}  // namespace
}  // namespace shale::config
