#include "server/cli/rules.h"

#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "server/cli/rules_check.h"
#include "server/index/names.h"
#include "tests/server/config/config_file.h"

namespace shale::cli {
namespace {

config::Config config_in(const std::string& text) {
  const config::ConfigFile file(text);
  const auto loaded = config::load({.file = file.path()});
  REQUIRE(std::holds_alternative<config::Loaded>(loaded));
  return std::get<config::Loaded>(loaded).config;
}

index::RepositoryName repository(const char* name) {
  return *index::RepositoryName::parse(name);
}

TEST_CASE("check_rules: a pattern that can match no repository is told with its place") {
  const auto problems = check_rules(
      config_in("rules:\n  - repositories: [good/**, Bad, 'a**']\n    immutable_tags: [v*]\n")
          .rules);
  REQUIRE(problems.size() == 2);
  CHECK(problems.front().where.ends_with("shale.yaml:2:29"));
  CHECK(problems.front().what.find("\"Bad\"") != std::string::npos);
  CHECK(problems.back().what.find("\"a**\"") != std::string::npos);
}

TEST_CASE("make_rules: the registry has what the configuration says, by the patterns of policies") {
  const auto rules = make_rules(config_in(R"(rules:
  - repositories: ["prod/**", app]
    immutable_tags: v*
    history: 2h
    untagged_after: 4h
  - repositories: "*/x"
    retention: {keep_last: 3, keep_pulled_within: 1d, keep_tags: [a, b], keep_semver: true,
                untagged_older_than: 5h, every: 6h}
)"));
  using std::chrono::hours;
  const auto v1 = *index::Tag::parse("v1");
  CHECK(rules->immutable(repository("prod/a/b"), v1).has_value());
  CHECK(rules->immutable(repository("app"), v1).has_value());
  CHECK_FALSE(rules->immutable(repository("app/b"), v1));
  CHECK(rules->history(repository("app")) == hours(2));
  CHECK(rules->untagged_after(repository("app")) == hours(4));
  CHECK(rules->history(repository("a/x")) == hours(24 * 14));  // that of storage.history
  CHECK(rules->retention(repository("a/b/x")) == nullptr);
  const registry::Retention* retention = rules->retention(repository("a/x"));
  REQUIRE(retention != nullptr);
  CHECK(retention->keep_last == 3);
  CHECK(retention->keep_pulled_within == hours(24));
  CHECK(retention->keep_tags == std::vector<std::string>{"a", "b"});
  CHECK(retention->keep_semver);
  CHECK_FALSE(retention->keep_nothing);
  CHECK(retention->untagged_older_than == hours(5));
  CHECK(retention->every == hours(6));
}

}  // namespace
}  // namespace shale::cli
