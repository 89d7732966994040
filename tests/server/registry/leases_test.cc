#include "server/registry/leases.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::testing {
namespace {

using namespace std::chrono_literals;
using registry::Leases;

const auto kApp = repository("app");

struct Held {
  explicit Held(std::size_t most = 100) : leases(clock, 10min, most) { clock.advance(20min); }

  bool held(std::string_view content) const { return leases.held(kApp, digest_of(content)); }

  FakeClock clock;
  Leases leases;
};

TEST_CASE("Leases: everything is held for one lease after the start") {
  FakeClock clock;
  const Leases leases(clock, 10min);
  CHECK(leases.held(kApp, digest_of("a")));
  clock.advance(10min);
  CHECK_FALSE(leases.held(kApp, digest_of("a")));
}

TEST_CASE("Leases: one that was renewed is held for its length and at most twice that") {
  Held all;
  CHECK_FALSE(all.held("a"));
  all.leases.renew(kApp, digest_of("a"));
  CHECK(all.held("a"));
  CHECK_FALSE(all.held("b"));
  CHECK_FALSE(all.leases.held(repository("other"), digest_of("a")));
  all.clock.advance(10min);
  CHECK(all.held("a"));
  all.clock.advance(10min);
  CHECK_FALSE(all.held("a"));
}

TEST_CASE("Leases: renewing again and again holds on") {
  Held all;
  for (int i = 0; i < 10; ++i) {
    all.leases.renew(kApp, digest_of("a"));
    all.clock.advance(9min);
    CHECK(all.held("a"));
  }
}

TEST_CASE("Leases: with more than can be told apart, all are held for one lease") {
  Held all(2);
  for (const char* content : {"a", "b", "c"})
    all.leases.renew(kApp, digest_of(content));
  CHECK(all.held("c"));
  CHECK(all.held("never seen"));
  all.clock.advance(20min);
  CHECK_FALSE(all.held("c"));
}

TEST_CASE("Leases: a clock that jumps back ends none early") {
  Held all;
  all.leases.renew(kApp, digest_of("a"));
  all.clock.advance(-5min);
  CHECK(all.held("a"));
  all.clock.advance(9min);
  CHECK(all.held("a"));
}

}  // namespace
}  // namespace shale::testing
