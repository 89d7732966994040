#include "server/net/pool.h"

#include <atomic>

#include <doctest/doctest.h>

#include "tests/server/net/fake_application.h"

namespace shale::testing {
namespace {

TEST_CASE("Pool: finishes what is queued before it ends") {
  std::atomic<int> done = 0;
  {
    net::Pool pool(2, 100);
    for (int i = 0; i < 50; ++i)
      REQUIRE(pool.try_submit([&] { ++done; }));
  }
  CHECK(done == 50);
}

TEST_CASE("Pool: a full queue refuses new work but never the next step of old work") {
  Gate gate;
  std::atomic<int> done = 0;
  {
    net::Pool pool(1, 1);
    REQUIRE(pool.try_submit([&] { gate.wait(); }));
    gate.await_visitor();
    CHECK(pool.try_submit([&] { ++done; }));
    CHECK_FALSE(pool.try_submit([&] { ++done; }));
    pool.submit_step([&] { ++done; });
    gate.open();
  }
  CHECK(done == 2);
}

}  // namespace
}  // namespace shale::testing
