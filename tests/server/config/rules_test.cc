#include "server/config/rules.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "server/config/load.h"
#include "server/config/print.h"
#include "tests/server/config/config_file.h"

namespace shale::config {
namespace {

using std::chrono::hours;

std::vector<Rule> rules_in(std::string_view text) {
  const ConfigFile file(text);
  const auto loaded = load({.file = file.path()});
  REQUIRE(std::holds_alternative<Loaded>(loaded));
  return std::get<Loaded>(loaded).config.rules;
}

/// What is wrong, line by line, with the directory left out.
std::vector<std::string> problems_in(std::string_view text) {
  const ConfigFile file(text);
  const auto loaded = load({.file = file.path()});
  std::vector<std::string> lines;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const Problem& problem : *problems)
      lines.push_back(file.without_directory(problem.str()));
  }
  return lines;
}

constexpr std::string_view kFull = R"(rules:
  - repositories: ["prod/**", app]
    immutable_tags: v*
    history: 90d
  - repositories: "**"
    immutable_tags: []
    untagged_after: 0s
    retention:
      keep_last: 20
      keep_pulled_within: 30d
      keep_tags: [latest, "release-?"]
      keep_semver: true
      untagged_older_than: 7d
      every: 6h
)";

TEST_CASE("rules: each is read with its words and their places") {
  const auto rules = rules_in(kFull);
  REQUIRE(rules.size() == 2);
  CHECK(rules[0].repositories.at(1).text == "app");
  CHECK(rules[0].repositories.at(1).where.ends_with("shale.yaml:2:31"));
  CHECK(rules[0].immutable_tags.value().at(0).text == "v*");
  CHECK_FALSE(rules[0].retention);
  CHECK(rules[0].history == hours(24 * 90));
  CHECK_FALSE(rules[0].untagged_after);
  CHECK(rules[1].untagged_after == hours(0));
  CHECK_FALSE(rules[1].history);
  CHECK(rules[1].immutable_tags.value().empty());
  const RetentionRule& retention = rules[1].retention.value();
  CHECK(retention.keep_last == 20);
  CHECK(retention.keep_pulled_within == hours(24 * 30));
  CHECK(retention.keep_tags.value().size() == 2);
  CHECK(retention.keep_semver);
  CHECK(retention.untagged_older_than == hours(24 * 7));
  CHECK(retention.every == hours(6));
}

TEST_CASE("rules: what is printed is read back the same, as YAML and as JSON") {
  const ConfigFile file(kFull);
  const auto loaded = std::get<Loaded>(load({.file = file.path()}));
  CHECK(rules_in(to_yaml(loaded.config)) == loaded.config.rules);
  CHECK(rules_in(to_json(loaded.config)) == loaded.config.rules);
  CHECK(to_table(loaded).find("prod/** app") != std::string::npos);
}

TEST_CASE("rules: a list without items is fine") {
  CHECK(rules_in("rules:\n").empty());
  CHECK(rules_in("rules: []\n").empty());
}

TEST_CASE("rules: what is wrong is told with its line") {
  struct Case {
    std::string_view text;
    std::string_view where;
    std::string_view what;
  };
  const std::string_view rule = "rules:\n  - repositories: [a]\n    ";
  const std::string_view retention = "rules:\n  - repositories: [a]\n    retention:\n      ";
  const std::vector<std::pair<std::string_view, Case>> cases{
      {"rules: ", {"all", "1:8", "write a list"}},
      {"rules:\n  - ", {"x", "2:5", "a rule is"}},
      {"rules:\n  - ", {"immutable_tags: [a]", "2:5", "names no"}},
      {rule, {"", "2:5", "says nothing"}},
      {rule, {"imutable_tags: [v*]", "3:5", "\"imutable_tags\" is not known"}},
      {rule, {"immutable_tags: [a]\n    immutable_tags: [b]", "4:5", "already above"}},
      {retention, {"keep_pulled_within: -1d", "4:27", "is not a duration"}},
      {retention, {"keep_pulled_within:", "4:7", "is not a duration"}},
      {rule, {"history: often", "3:14", "often"}},
      {rule, {"untagged_after: -1h", "3:21", "-1h"}},
      {rule, {"immutable_tags: ['v/*']", "3:22", "can match no tag"}},
      {rule, {"immutable_tags: {v: 1}", "3:21", "expected a list of patterns of tags"}},
      {rule, {"retention: 5", "3:16", "retention: write keep_last"}},
      {retention, {"keep_last: -1", "4:18", "\"-1\" is no count"}},
      {retention, {"keep_last: many", "4:18", "is no count"}},
      {retention, {"keep_last: 0", "4:7", "keeps no tagged manifest at all"}},
      {retention, {"keep_tags: []", "4:7", "keeps no tagged manifest at all"}},
      {retention, {"keep_semver: yes", "4:20", "write true or false"}},
      {retention, {"keep_last: 3\n      keep_nothing: true", "4:7", "contradicts"}},
      {retention, {"every: 1h", "4:7", "removes nothing"}},
      {retention, {"keep_last: 1\n      every: 5s", "5:14", "at least 1m"}},
      {retention, {"keep: 1", "4:7", "is not known in retention"}},
  };
  for (const auto& [front, wrong] : cases) {
    const auto problems = problems_in(std::string(front) + std::string(wrong.text) + "\n");
    CAPTURE(wrong.text);
    REQUIRE(problems.size() == 1);
    CAPTURE(problems.front());
    CHECK(problems.front().starts_with("shale.yaml:" + std::string(wrong.where) + ": rules: "));
    CHECK(problems.front().find(wrong.what) != std::string::npos);
  }
}

TEST_CASE("rules: to keep nothing is possible for whoever says so") {
  CHECK(
      problems_in("rules:\n  - repositories: [a]\n    retention: {keep_nothing: true}\n").empty());
}

TEST_CASE("rules: a rule that another hides is refused, with both lines") {
  const auto twice = problems_in(
      "rules:\n  - repositories: ['a/**', b]\n    immutable_tags: [a]\n"
      "  - repositories: [c, 'a/**']\n    immutable_tags: [v*]\n");
  REQUIRE(twice.size() == 1);
  CHECK(twice.front().starts_with("shale.yaml:4:23: rules: immutable_tags of \"a/**\""));
  CHECK(twice.front().find("shale.yaml:2:20") != std::string::npos);

  const auto same = problems_in("rules:\n  - repositories: [b, b]\n    immutable_tags: [a]\n");
  REQUIRE(same.size() == 1);
  CHECK(same.front().find("stands twice") != std::string::npos);
}

TEST_CASE("rules: the same patterns with other keys do not contradict each other") {
  CHECK(problems_in("rules:\n  - repositories: [a]\n    immutable_tags: [v*]\n"
                    "  - repositories: [a]\n    retention: {keep_last: 2}\n")
            .empty());
}

}  // namespace
}  // namespace shale::config
