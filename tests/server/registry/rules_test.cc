#include "server/registry/rules.h"

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using std::chrono::hours;
using testing::repository;
using testing::tag;

TEST_CASE("tag_matches: stars are anything, question marks one character") {
  struct Case {
    const char* pattern;
    const char* tag;
    bool matches;
  };
  for (const Case& c : std::initializer_list<Case>{{"v*", "v1", true},
                                                   {"v*", "v", true},
                                                   {"v*", "1v", false},
                                                   {"*", "anything", true},
                                                   {"latest", "latest", true},
                                                   {"latest", "latest2", false},
                                                   {"latest", "lates", false},
                                                   {"release-?", "release-1", true},
                                                   {"release-?", "release-10", false},
                                                   {"*-rc*", "v1-rc-rc", true},
                                                   {"*a*b*c", "xaxbxbxc", true},
                                                   {"*a*b*c", "xaxcxb", false},
                                                   {"**", "x", true},
                                                   {"a*a", "a", false}}) {
    CAPTURE(c.pattern);
    CAPTURE(c.tag);
    CHECK(tag_matches(c.pattern, c.tag) == c.matches);
  }
}

TEST_CASE("is_semver: versions are told from other tags") {
  for (const char* yes : {"1.2.3", "v1.2.3", "0.0.0", "1.2.3-rc.1", "10.20.30-alpha-1.x"}) {
    CAPTURE(yes);
    CHECK(is_semver(yes));
  }
  for (const char* no : {"1.2", "1.2.3.4", "v", "latest", "01.2.3", "1.2.03", "1.2.3-",
                         "1.2.3-a..b", "1.2.3-01", "V1.2.3", "1.2.3_1", "vv1.2.3", ""}) {
    CAPTURE(no);
    CHECK_FALSE(is_semver(no));
  }
}

Rule rule(std::string prefix) {
  Rule made;
  made.repositories = {prefix + "/**"};
  made.matches = [prefix = std::move(prefix)](std::string_view name) {
    return name.starts_with(prefix + "/");
  };
  return made;
}

TEST_CASE("Rules: the first rule that matches and has the member decides") {
  Rule retention_only = rule("a");
  retention_only.retention = Retention{.keep_last = 1};
  Rule nested = rule("a/b");
  nested.retention = Retention{.keep_last = 2};
  Rule exempt = rule("a/free");
  exempt.immutable_tags = std::vector<std::string>{};
  Rule all = rule("a");
  all.immutable_tags = std::vector<std::string>{"v*", "release"};
  const Rules rules({retention_only, nested, exempt, all});

  CHECK(rules.retention(repository("a/b/c"))->keep_last == 1);
  CHECK(rules.retention(repository("b")) == nullptr);
  CHECK_FALSE(rules.immutable(repository("a/free/c"), tag("v1")));
  CHECK_FALSE(rules.immutable(repository("a/c"), tag("latest")));
  CHECK(rules.immutable(repository("a/c"), tag("release")).has_value());
  const auto words = rules.immutable(repository("a/c"), tag("v1")).value();
  CHECK(words.find("a/**") != words.npos);
  CHECK(words.find("v*") != words.npos);
}

TEST_CASE("store_policy: the store asks the same rules") {
  Rule one = rule("a");
  one.immutable_tags = std::vector<std::string>{"v*"};
  one.history = std::chrono::hours(5);
  one.untagged_after = std::chrono::hours(7);
  const auto policy =
      store_policy(std::make_shared<const Rules>(std::vector{one}, std::chrono::hours(1)));
  CHECK(policy.immutable(repository("a/b"), tag("v1")).has_value());
  CHECK_FALSE(policy.immutable(repository("b"), tag("v1")));
  CHECK(policy.history(repository("a/b")) == std::chrono::hours(5));
  CHECK(policy.history(repository("b")) == std::chrono::hours(1));
  CHECK(policy.untagged(repository("a/b")) == std::chrono::hours(7));
  CHECK_FALSE(policy.untagged(repository("b")));
}

}  // namespace
}  // namespace shale::registry
