#include "auth/access_policy.h"

#include <doctest/doctest.h>

#include "tests/auth/policies.h"

namespace shale::auth {
namespace {

TEST_CASE("AccessPolicy: an empty one denies everything") {
  const AccessPolicy policy;
  for (std::size_t i = 0; i < kActions; ++i) {
    CHECK_FALSE(policy.allows(user("alice"), "app", static_cast<Action>(i)));
    CHECK_FALSE(policy.allows(Identity{}, "app", static_cast<Action>(i)));
  }
  CHECK(policy.decide(user("alice"), "app", Action::kPull).str() == "no rule matches");
}

TEST_CASE("AccessPolicy: the first rule that matches decides, and is named") {
  const AccessPolicy policy = compiled({
      deny({"overwrite"}, {"user:alice"}, {"team-a/release"}, 3),
      allow({"pull", "push", "overwrite"}, {"group:team-a"}, {"team-a/**"}, 6),
      deny({"pull"}, {"user:bob"}, {"team-a/secret"}, 9),
  });
  CHECK_FALSE(policy.allows(user("alice"), "team-a/release", Action::kOverwrite));
  CHECK(policy.allows(user("alice"), "team-a/release", Action::kPush));
  CHECK(policy.allows(user("bob"), "team-a/release", Action::kOverwrite));
  CHECK(policy.allows(user("bob"), "team-a/secret", Action::kPull));
  CHECK_FALSE(policy.allows(user("bob"), "team-b/app", Action::kPull));
  CHECK_FALSE(policy.allows(user("carol"), "team-a/app", Action::kPull));
  const Decision denied = policy.decide(user("alice"), "team-a/release", Action::kOverwrite);
  CHECK(denied.rule == 1);
  CHECK(denied.str() == "rule 1 (line 3)");
  CHECK(policy.decide(user("bob"), "team-a/secret", Action::kPull).rule == 2);
}

TEST_CASE("AccessPolicy: users, robots and nobody are three different things") {
  const AccessPolicy policy = compiled({
      allow({"pull"}, {"anonymous"}, {"public/**"}),
      allow({"push"}, {"robot:ci"}, {"**"}),
      allow({"pull"}, {"authenticated"}, {"internal/**"}),
  });
  const Identity nobody;
  CHECK(policy.allows(nobody, "public/app", Action::kPull));
  CHECK_FALSE(policy.allows(nobody, "internal/app", Action::kPull));
  CHECK_FALSE(policy.allows(user("ci"), "public/app", Action::kPull));
  CHECK_FALSE(policy.allows(user("ci"), "internal/app", Action::kPush));
  CHECK(policy.allows(robot("ci"), "internal/app", Action::kPush));
  CHECK(policy.allows(robot("ci"), "internal/app", Action::kPull));
}

TEST_CASE("AccessPolicy: groups of the source count beside those of the policy") {
  const AccessPolicy policy = compiled({allow({"pull"}, {"group:team-a"}, {"**"})});
  Identity carol = user("carol");
  CHECK_FALSE(policy.allows(carol, "app", Action::kPull));
  carol.groups = {"team-a"};
  CHECK(policy.allows(carol, "app", Action::kPull));
  CHECK_FALSE(policy.allows(robot("alice"), "app", Action::kPull));
}

TEST_CASE("AccessPolicy: whether something is allowed anywhere") {
  const AccessPolicy policy = compiled({
      deny({"pull"}, {"user:mallory"}, {"**"}),
      allow({"pull"}, {"authenticated"}, {"a/**"}),
  });
  CHECK(policy.allows_somewhere(user("alice"), Action::kPull));
  CHECK_FALSE(policy.allows_somewhere(user("alice"), Action::kPush));
  CHECK_FALSE(policy.allows_somewhere(user("mallory"), Action::kPull));
  CHECK_FALSE(policy.allows_somewhere(Identity{}, Action::kPull));
}

TEST_CASE("AccessPolicy: without a file, whoever is known may do all but administer") {
  const AccessPolicy policy = AccessPolicy::for_everybody_known();
  for (const Action action : {Action::kPull, Action::kPush, Action::kOverwrite, Action::kDelete}) {
    CHECK(policy.allows(user("alice"), "a/b", action));
    CHECK_FALSE(policy.allows(Identity{}, "a/b", action));
  }
  CHECK_FALSE(policy.allows(user("alice"), "a/b", Action::kAdmin));
}

Identity robot_for(const char* pattern, std::set<Action> actions) {
  Identity ci = robot("ci");
  ci.permissions = std::make_shared<const Permissions>(Permissions{
      {.actions = std::move(actions), .repositories = {*RepositoryPattern::parse(pattern)}}});
  return ci;
}

TEST_CASE("AccessPolicy: a robot's permissions are enough, but rules can take from them") {
  const AccessPolicy policy = compiled({
      deny({"push"}, {"robot:ci"}, {"team-a/frozen"}),
      allow({"pull"}, {"authenticated"}, {"shared/**"}),
  });
  const Identity ci = robot_for("team-a/**", {Action::kPull, Action::kPush});
  using By = Decision::By;
  const Decision own = policy.decide(ci, "team-a/app", Action::kPush);
  CHECK(own.allowed);
  CHECK(own.by == By::kPermissions);
  const Decision taken = policy.decide(ci, "team-a/frozen", Action::kPush);
  CHECK_FALSE(taken.allowed);
  CHECK(taken.rule == 1);
  CHECK(policy.allows(ci, "team-a/frozen", Action::kPull));
  // What others get from a rule is not for it.
  const Decision beyond = policy.decide(ci, "shared/base", Action::kPull);
  CHECK_FALSE(beyond.allowed);
  CHECK(beyond.by == By::kPermissions);
  CHECK_FALSE(policy.allows(ci, "team-a/app", Action::kDelete));
  CHECK(policy.allows_somewhere(ci, Action::kPush));
  CHECK_FALSE(policy.allows_somewhere(ci, Action::kDelete));
}

TEST_CASE("AccessPolicy: the operator may do everything") {
  const Identity chief{.kind = Identity::Kind::kOperator, .name = "operator", .groups = {}};
  const AccessPolicy policy = compiled({deny({"admin"}, {"authenticated"}, {"**"})});
  CHECK(policy.decide(chief, "any/thing", Action::kAdmin).by == Decision::By::kOperator);
  CHECK(policy.allows(chief, "any/thing", Action::kAdmin));
  CHECK(policy.allows_somewhere(chief, Action::kDelete));
  CHECK(policy.allows_throughout(chief, *RepositoryPattern::parse("**"), Action::kAdmin));
}

TEST_CASE("AccessPolicy: whether something is allowed throughout a tree") {
  const AccessPolicy policy = compiled({
      deny({"admin"}, {"user:bob"}, {"team-a/secret/**"}),
      allow({"admin"}, {"user:alice", "user:bob"}, {"team-a/**"}),
  });
  const auto throughout = [&](const Identity& who, const char* pattern) {
    return policy.allows_throughout(who, *RepositoryPattern::parse(pattern), Action::kAdmin);
  };
  CHECK(throughout(user("alice"), "team-a/**"));
  CHECK(throughout(user("alice"), "team-a/app"));
  CHECK(throughout(user("alice"), "team-a/*/x"));
  CHECK_FALSE(throughout(user("alice"), "**"));
  CHECK_FALSE(throughout(user("alice"), "team-b/app"));
  CHECK(throughout(user("bob"), "team-a/app"));
  CHECK_FALSE(throughout(user("bob"), "team-a/**"));
  CHECK_FALSE(throughout(user("carol"), "team-a/app"));
  CHECK_FALSE(throughout(Identity{}, "team-a/app"));
  CHECK(throughout(robot_for("team-c/**", {Action::kAdmin}), "team-c/app"));
  CHECK_FALSE(throughout(robot_for("team-c/**", {Action::kPull}), "team-c/app"));
  CHECK_FALSE(throughout(robot_for("team-c/**", {Action::kAdmin}), "**"));
}

}  // namespace
}  // namespace shale::auth
