#include "server/registry/sweeper.h"

#include <chrono>
#include <latch>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using testing::Bench;
using testing::MemoryStores;
using testing::repository;
using testing::value;

TEST_CASE("Sweeper: it sweeps at once and stops when it goes") {
  Bench<MemoryStores> bench;
  bench.begin(repository("app"));
  bench.clock().advance(std::chrono::hours(25));
  std::latch swept(1);
  std::size_t dropped = 0;
  {
    const Sweeper sweeper(*bench, std::chrono::hours(1), [&](const Result<std::size_t>& outcome) {
      dropped = outcome ? *outcome : 0;
      swept.count_down();
    });
    swept.wait();
  }
  CHECK(dropped == 1);
  CHECK(value(bench.blobs().open_uploads()).empty());
}

TEST_CASE("Sweeper: it sweeps again and again") {
  Bench<MemoryStores> bench;
  std::latch thrice(3);
  int sweeps = 0;
  const Sweeper sweeper(*bench, std::chrono::milliseconds(1), [&](const Result<std::size_t>&) {
    if (++sweeps <= 3) thrice.count_down();
  });
  thrice.wait();
}

}  // namespace
}  // namespace shale::registry
