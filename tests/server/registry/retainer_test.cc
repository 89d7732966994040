#include "server/registry/retainer.h"

#include <latch>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Bench;
using testing::MemoryStores;
using testing::repository;
using testing::tag;
using testing::value;

const auto kApp = repository("app");

Rule rule_for(std::chrono::milliseconds every) {
  Rule rule;
  rule.matches = [](std::string_view) { return true; };
  rule.retention = Retention{.keep_nothing = true, .every = every};
  return rule;
}

TEST_CASE("RetentionSchedule: each rule is due soon after the start, then after its own time") {
  const Rules rules({rule_for(hours(1)), rule_for(hours(24)), Rule{}});
  const Time start{};
  RetentionSchedule schedule(rules, start);
  CHECK(schedule.take_due(start).empty());
  CHECK(schedule.take_due(start + minutes(5)).size() == 2);
  CHECK(schedule.take_due(start + minutes(5)).empty());
  const auto due = schedule.take_due(start + minutes(65));
  REQUIRE(due.size() == 1);
  CHECK(due.front()->every == hours(1));
  CHECK(schedule.take_due(start + hours(48)).size() == 2);
}

TEST_CASE("RetentionSchedule: a clock that jumps back puts a run off by its time at most") {
  const Rules rules({rule_for(hours(1))});
  const Time start = Time{} + hours(1000);
  RetentionSchedule schedule(rules, start);
  CHECK(schedule.take_due(start + minutes(5)).size() == 1);
  CHECK(schedule.take_due(start - hours(900)).empty());
  CHECK(schedule.take_due(start - hours(899)).size() == 1);
}

void push_image(Bench<MemoryStores>& bench) {
  REQUIRE(bench.push(kApp, tag("v1"), "application/vnd.oci.image.index.v1+json",
                     R"({"schemaVersion":2,"manifests":[]})"));
}

TEST_CASE("Retainer: it removes what is due to go, and says how many") {
  Options options;
  options.rules = std::make_shared<const Rules>(std::vector{rule_for(minutes(1))});
  Bench<MemoryStores> bench(options);
  push_image(bench);
  std::latch removed(1);
  std::string where;
  std::size_t count = 0;
  {
    const Retainer retainer(*bench, bench.clock(), std::chrono::milliseconds(1),
                            [&](const std::string& what, const Result<std::size_t>& outcome) {
                              where = what;
                              count = outcome ? *outcome : 0;
                              removed.count_down();
                            });
    CHECK(bench.metadata().find_manifest(kApp, tag("v1")).has_value());
    bench.clock().advance(minutes(1));
    removed.wait();
  }
  CHECK(where == "app");
  CHECK(count == 1);
  CHECK_FALSE(bench.metadata().find_manifest(kApp, tag("v1")));
}

TEST_CASE("Retainer: it stores the pulls that came before it goes") {
  Bench<MemoryStores> bench;
  push_image(bench);
  {
    const Retainer retainer(*bench, bench.clock(), hours(1), nullptr);
    REQUIRE(bench->read_manifest(kApp, tag("v1")));
  }
  CHECK(value(bench.metadata().list_manifests(kApp, {}, 9)).items.at(0).pulled ==
        bench.clock().now());
}

}  // namespace
}  // namespace shale::registry
