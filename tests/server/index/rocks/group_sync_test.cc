#include "server/index/rocks/group_sync.h"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/result.h"

namespace shale::testing {
namespace {

using index::rocks::GroupSync;

const Error kBroken{Errc::kIo, "the disk is broken"};

TEST_CASE("GroupSync: one sync serves all who wrote before it began") {
  std::latch first_is_syncing(1);
  std::latch others_have_written(1);
  std::atomic<int> syncs = 0;
  GroupSync sync([&]() -> Result<void> {
    if (++syncs == 1) {
      first_is_syncing.count_down();
      others_have_written.wait();
    }
    return {};
  });

  constexpr std::uint64_t kOthers = 8;
  std::atomic<int> failures = 0;
  const auto wait_for = [&](std::uint64_t number) { failures += sync.wait_for(number) ? 0 : 1; };
  {
    sync.written(1);
    std::jthread first(wait_for, 1);
    first_is_syncing.wait();
    // Written after the sync began, so it must not count for them.
    std::vector<std::jthread> others;
    for (std::uint64_t number = 2; number < 2 + kOthers; ++number) {
      sync.written(number);
      others.emplace_back(wait_for, number);
    }
    others_have_written.count_down();
  }
  CHECK(failures == 0);
  CHECK(syncs == 2);
  CHECK(sync.syncs() == 2);
}

TEST_CASE("GroupSync: what is durable already needs no sync") {
  GroupSync sync([]() -> Result<void> { return {}; });
  sync.written(5);
  REQUIRE(sync.wait_for(5));
  REQUIRE(sync.wait_for(3));
  CHECK(sync.syncs() == 1);
}

TEST_CASE("GroupSync: a failed sync fails all who waited, and nothing is acknowledged again") {
  std::latch first_is_syncing(1);
  std::latch go_on(1);
  int syncs = 0;
  GroupSync sync([&]() -> Result<void> {
    ++syncs;
    first_is_syncing.count_down();
    go_on.wait();
    return kBroken;
  });
  std::atomic<int> failures = 0;
  const auto wait_for = [&](std::uint64_t number) { failures += sync.wait_for(number) ? 0 : 1; };
  {
    sync.written(1);
    std::jthread first(wait_for, 1);
    first_is_syncing.wait();
    sync.written(2);
    std::jthread second(wait_for, 2);
    std::jthread third(wait_for, 2);
    go_on.count_down();
  }
  CHECK(failures == 3);
  CHECK(syncs == 1);
  CHECK(error_code(sync.healthy()) == Errc::kUnavailable);
  CHECK(error_code(sync.wait_for(2)) == Errc::kIo);
  CHECK(syncs == 1);
}

TEST_CASE("GroupSync: what was durable before a failure stays acknowledged") {
  bool broken = false;
  GroupSync sync([&]() -> Result<void> { return broken ? Result<void>(kBroken) : Result<void>(); });
  sync.written(1);
  REQUIRE(sync.wait_for(1));
  broken = true;
  sync.written(2);
  CHECK(error_code(sync.wait_for(2)) == Errc::kIo);
  CHECK(sync.wait_for(1));
  broken = false;
  CHECK(error_code(sync.wait_for(2)) == Errc::kIo);
}

TEST_CASE("GroupSync: a failed write stops it as a failed sync does") {
  GroupSync sync([]() -> Result<void> { return {}; });
  REQUIRE(sync.healthy());
  sync.fail(kBroken);
  const auto refused = sync.healthy();
  CHECK(error_code(refused) == Errc::kUnavailable);
  CHECK(error_message(refused).find("the disk is broken") != std::string::npos);
}

}  // namespace
}  // namespace shale::testing
