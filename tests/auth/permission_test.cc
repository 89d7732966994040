#include "auth/permission.h"

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

RepositoryPattern pattern(const char* text) {
  return *RepositoryPattern::parse(text);
}

TEST_CASE("Permission: an action counts in the repositories that it was given for") {
  const Permissions permissions = {
      {.actions = {Action::kPush, Action::kPull},
       .repositories = {pattern("team-a/**"), pattern("tools/*")}},
      {.actions = {Action::kPull}, .repositories = {pattern("shared/**")}}};
  CHECK(permits(permissions, "team-a/x/y", Action::kPush));
  CHECK(permits(permissions, "tools/x", Action::kPull));
  CHECK(permits(permissions, "shared/x", Action::kPull));
  CHECK_FALSE(permits(permissions, "shared/x", Action::kPush));
  CHECK_FALSE(permits(permissions, "tools/x/y", Action::kPull));
  CHECK_FALSE(permits(permissions, "team-a", Action::kPull));
  CHECK_FALSE(permits({}, "team-a/x", Action::kPull));
  CHECK(describe(permissions) == "pull,push team-a/**,tools/*; pull shared/**");
  CHECK(describe({}).empty());
}

TEST_CASE("Action: every name is read back, and no other word is one") {
  for (std::size_t i = 0; i < kActions; ++i) {
    const auto action = static_cast<Action>(i);
    CHECK(parse_action(action_name(action)) == action);
  }
  CHECK_FALSE(parse_action("Pull"));
  CHECK_FALSE(parse_action(""));
}

}  // namespace
}  // namespace shale::auth
