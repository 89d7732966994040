#include "auth/repository_pattern.h"

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

bool matches(std::string_view pattern, std::string_view repository) {
  const auto parsed = RepositoryPattern::parse(pattern);
  REQUIRE(parsed);
  return parsed->matches(repository);
}

TEST_CASE("RepositoryPattern: a name matches itself alone") {
  CHECK(matches("team-a/app", "team-a/app"));
  CHECK_FALSE(matches("team-a/app", "team-a/app2"));
  CHECK_FALSE(matches("team-a/app", "team-a"));
  CHECK_FALSE(matches("team-a/app", "team-a/app/x"));
  CHECK_FALSE(matches("team-a/app", ""));
}

TEST_CASE("RepositoryPattern: one star stays within its part") {
  CHECK(matches("*", "app"));
  CHECK_FALSE(matches("*", "team/app"));
  CHECK(matches("team-*/app", "team-a/app"));
  CHECK(matches("team-*/app", "team-/app"));
  CHECK_FALSE(matches("team-*/app", "team-a/b/app"));
  CHECK(matches("*a*b*", "xaxxbx"));
  CHECK(matches("*ab", "aab"));
  CHECK_FALSE(matches("*a*b", "xaxxbx"));
}

TEST_CASE("RepositoryPattern: two stars are any parts, at least one") {
  CHECK(matches("**", "app"));
  CHECK(matches("**", "a/b/c"));
  CHECK(matches("team-a/**", "team-a/app"));
  CHECK(matches("team-a/**", "team-a/x/y/z"));
  CHECK_FALSE(matches("team-a/**", "team-a"));
  CHECK_FALSE(matches("team-a/**", "team-ab/app"));
  CHECK(matches("**/app", "a/b/app"));
  CHECK_FALSE(matches("**/app", "app"));
  CHECK(matches("a/**/z", "a/b/c/z"));
  CHECK(matches("a/**/z", "a/z/z"));
  CHECK_FALSE(matches("a/**/z", "a/z"));
  CHECK(matches("**/b/**/d", "a/b/b/c/d"));
}

TEST_CASE("RepositoryPattern: many stars end in time") {
  std::string pattern = "*";
  for (int i = 0; i < 60; ++i)
    pattern += "a*";
  CHECK_FALSE(matches(pattern + "b", std::string(250, 'a')));
}

TEST_CASE("RepositoryPattern: what could match nothing is refused") {
  for (const std::string_view bad : {"", "/", "a/", "/a", "a//b", "Team/**", "a**", "**a", "a/b**",
                                     "***", "a b", "a:b", "a?", "[a]", "\xc3\xa9"}) {
    CAPTURE(bad);
    CHECK_FALSE(RepositoryPattern::parse(bad));
  }
}

TEST_CASE("RepositoryPattern: what covers what") {
  const auto covers = [](std::string_view wide, std::string_view narrow) {
    return RepositoryPattern::parse(wide)->covers(*RepositoryPattern::parse(narrow));
  };
  CHECK(covers("**", "a/*"));
  CHECK(covers("a/**", "a/b/**"));
  CHECK(covers("a/**", "a/*"));
  CHECK(covers("a/*", "a/b"));
  CHECK(covers("a*", "a*"));
  CHECK_FALSE(covers("a/**", "**"));
  CHECK_FALSE(covers("a/**", "ab/**"));
  CHECK_FALSE(covers("a/**", "a*/**"));
  CHECK_FALSE(covers("*", "**"));
}

}  // namespace
}  // namespace shale::auth
