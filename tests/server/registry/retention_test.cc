#include "server/registry/retention.h"

#include <algorithm>
#include <initializer_list>
#include <map>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using index::EdgeKind;
using std::chrono::hours;
using testing::digest_of;

const Time kNow = Time(std::chrono::seconds(1'700'000'000));
constexpr hours kDay{24};

/// A manifest called `name`, `days` old, with tags.
Candidate made(std::string_view name, int days, std::initializer_list<const char*> tags = {}) {
  Candidate candidate{.digest = digest_of(name),
                      .size = 1,
                      .pushed = kNow - days * kDay,
                      .pulled = std::nullopt,
                      .tags = {},
                      .parents = {},
                      .immutable = std::nullopt};
  for (const char* tag : tags)
    candidate.tags.push_back(testing::tag(tag));
  return candidate;
}

Candidate pulled(Candidate candidate, int days) {
  candidate.pulled = kNow - days * kDay;
  return candidate;
}

Candidate named_by(Candidate candidate, std::string_view parent,
                   EdgeKind kind = EdgeKind::kManifest) {
  candidate.parents.push_back({kind, digest_of(parent)});
  return candidate;
}

struct Plan {
  std::vector<Candidate> candidates;
  std::vector<Decision> decisions;

  /// "why" of a manifest, with "stays: " or "goes: " before it.
  std::string fate(std::string_view name) const {
    for (const Decision& decision : decisions) {
      if (candidates[decision.candidate].digest != digest_of(name)) continue;
      return (decision.remove ? "goes: " : "stays: ") + decision.reason;
    }
    return "nothing";
  }
  bool goes(std::string_view name) const { return fate(name).starts_with("goes: "); }
  bool stays(std::string_view name) const { return fate(name).starts_with("stays: "); }
  bool says(std::string_view name, std::string_view part) const {
    return fate(name).find(part) != std::string::npos;
  }
};

Plan plan(std::vector<Candidate> candidates, const Retention& retention) {
  auto decisions = plan_retention(candidates, retention, kNow);
  CHECK(decisions.size() == candidates.size());
  return {std::move(candidates), std::move(decisions)};
}

TEST_CASE("plan_retention: the last ones that were pushed stay, by time and not by name") {
  const auto made_plan =
      plan({made("a", 1, {"z"}), made("b", 3, {"y"}), made("c", 2, {"x"})}, {.keep_last = 2});
  CHECK(made_plan.stays("a"));
  CHECK(made_plan.stays("c"));
  CHECK(made_plan.goes("b"));
  CHECK(made_plan.says("a", "one of the last 2"));
  CHECK(made_plan.says("b", "no line of the rule keeps it"));
}

TEST_CASE("plan_retention: manifests without tags do not count among the last") {
  const auto result = plan({made("untagged", 1), made("tagged", 2, {"v1"})}, {.keep_last = 1});
  CHECK(result.stays("tagged"));
  CHECK(result.stays("untagged"));
  CHECK(result.says("untagged", "says nothing of those"));
}

TEST_CASE("plan_retention: what was pulled lately stays, tagged or not") {
  const auto result =
      plan({pulled(made("used", 90, {"a"}), 29), pulled(made("unused", 90, {"b"}), 30),
            made("never", 90, {"c"}), pulled(made("by digest", 90), 1)},
           {.keep_pulled_within = 30 * kDay, .untagged_older_than = kDay});
  CHECK(result.stays("used"));
  CHECK(result.says("used", "pulled within 30 days"));
  CHECK(result.goes("unused"));
  CHECK(result.goes("never"));
  CHECK(result.stays("by digest"));
}

TEST_CASE("plan_retention: tags of a pattern and versions stay") {
  const auto result =
      plan({made("a", 9, {"x", "release-1"}), made("b", 9, {"v1.2.3"}), made("c", 9, {"pr-17"})},
           {.keep_tags = std::vector<std::string>{"latest", "release-*"}, .keep_semver = true});
  CHECK(result.says("a", "its tag release-1 is one of release-*"));
  CHECK(result.says("b", "its tag v1.2.3 is a version"));
  CHECK(result.goes("c"));
}

TEST_CASE("plan_retention: a rule for untagged ones leaves tagged ones alone") {
  const auto result =
      plan({made("old", 31), made("new", 29), made("edge", 30), made("tagged", 99, {"x"})},
           {.untagged_older_than = 30 * kDay});
  CHECK(result.goes("old"));
  CHECK(result.says("old", "older than 30 days"));
  CHECK(result.goes("edge"));
  CHECK(result.stays("new"));
  CHECK(result.stays("tagged"));
}

TEST_CASE("plan_retention: an immutable tag keeps its manifest, whatever else is said") {
  auto fixed = made("fixed", 999, {"v1"});
  fixed.immutable = "rule 7";
  const auto result = plan({fixed, made("other", 1, {"x"})}, {.keep_nothing = true});
  CHECK(result.stays("fixed"));
  CHECK(result.says("fixed", "rule 7"));
  CHECK(result.goes("other"));
}

TEST_CASE("plan_retention: what an index lists stays with it, and goes with it") {
  const std::vector<Candidate> both{made("new index", 1, {"b"}), made("old index", 5, {"a"}),
                                    named_by(named_by(made("shared", 5), "old index"), "new index"),
                                    named_by(made("only old", 5), "old index"),
                                    named_by(made("only new", 5), "new index")};
  const auto result = plan(both, {.keep_last = 1, .untagged_older_than = kDay});
  CHECK(result.says("shared", "the index that lists it stays"));
  CHECK(result.stays("only new"));
  CHECK(result.goes("old index"));
  CHECK(result.goes("only old"));
  CHECK(result.says("only old", "what it belongs to goes"));
}

TEST_CASE("plan_retention: a child goes with its index, though untagged ones stay") {
  const auto result =
      plan({made("index", 5, {"a"}), named_by(made("child", 5), "index"), made("stray", 5)},
           {.keep_nothing = true});
  CHECK(result.goes("index"));
  CHECK(result.goes("child"));
  CHECK(result.stays("stray"));
}

TEST_CASE("plan_retention: signatures stay with what they sign, however deep, and go with it") {
  const std::vector<Candidate> all{
      named_by(made("kept", 1, {"b"}), "signature", EdgeKind::kSubject),
      named_by(made("gone", 9, {"a"}), "other signature", EdgeKind::kSubject),
      named_by(made("signature", 99), "countersignature", EdgeKind::kSubject),
      made("countersignature", 99),
      made("other signature", 1),
      made("orphan", 99)};
  const auto result = plan(all, {.keep_last = 1, .untagged_older_than = 30 * kDay});
  CHECK(result.says("signature", "what it refers to stays"));
  CHECK(result.stays("countersignature"));
  CHECK(result.goes("gone"));
  CHECK(result.goes("other signature"));
  CHECK(result.goes("orphan"));
}

TEST_CASE("plan_retention: a signature by a tag of a digest is no image of its own") {
  const std::string of_kept = "sha256-" + digest_of("kept").str().substr(7) + ".sig";
  const std::string of_gone = "sha256-" + digest_of("gone").str().substr(7);
  const auto result =
      plan({made("kept", 2, {"b"}), made("gone", 3, {"a"}),
            made("sig of kept", 1, {of_kept.c_str()}), made("sig of gone", 1, {of_gone.c_str()})},
           {.keep_last = 1});
  CHECK(result.stays("kept"));
  CHECK(result.stays("sig of kept"));
  CHECK(result.goes("gone"));
  CHECK(result.goes("sig of gone"));
}

TEST_CASE("plan_retention: a tagged child of an index that goes is judged by its own tags") {
  const auto result =
      plan({made("index", 5, {"a"}), named_by(made("child", 5, {"v1.0.0"}), "index")},
           {.keep_semver = true});
  CHECK(result.goes("index"));
  CHECK(result.stays("child"));
}

TEST_CASE("plan_retention: whoever keeps another goes before it") {
  const std::vector<Candidate> all{
      named_by(made("leaf", 5), "inner"), named_by(made("inner", 5), "outer"),
      made("outer", 5, {"a"}), named_by(made("subject", 5, {"b"}), "referrer", EdgeKind::kSubject),
      made("referrer", 5)};
  const auto result = plan(all, {.keep_nothing = true});
  std::map<std::size_t, std::size_t> turn;
  for (std::size_t i = 0; i < result.decisions.size(); ++i) {
    CHECK(result.decisions[i].remove);
    turn[result.decisions[i].candidate] = i;
  }
  CHECK(turn[2] < turn[1]);
  CHECK(turn[1] < turn[0]);
  CHECK(turn[3] < turn[4]);
}

TEST_CASE("plan_retention: tags that refer to each other in a circle stay") {
  const std::string of_a = "sha256-" + digest_of("a").str().substr(7);
  const std::string of_b = "sha256-" + digest_of("b").str().substr(7);
  const auto result = plan({made("a", 5, {of_b.c_str()}), made("b", 5, {of_a.c_str()})},
                           {.keep_nothing = true, .untagged_older_than = kDay});
  CHECK(result.stays("a"));
  CHECK(result.stays("b"));
}

TEST_CASE("plan_retention: a clock that jumped back removes nothing for its age") {
  const auto result =
      plan({made("from the future", -5), made("old", 99)}, {.untagged_older_than = 30 * kDay});
  CHECK(result.stays("from the future"));
  CHECK(result.goes("old"));
}

}  // namespace
}  // namespace shale::registry
