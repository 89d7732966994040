#include "server/registry/turnstile.h"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace shale::registry {
namespace {

TEST_CASE("Turnstile: as many as it says are in at a time, and all get their turn") {
  constexpr int kVisitors = 8;
  constexpr int kTurns = 500;
  Turnstile turnstile(2);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> turns = 0;
  std::latch start(kVisitors);
  {
    std::vector<std::jthread> visitors;
    visitors.reserve(kVisitors);
    for (int i = 0; i < kVisitors; ++i) {
      visitors.emplace_back([&] {
        start.arrive_and_wait();
        for (int turn = 0; turn < kTurns; ++turn) {
          const Turnstile::Turn mine(turnstile);
          const int now = ++inside;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          ++turns;
          --inside;
        }
      });
    }
  }
  CHECK(turns == kVisitors * kTurns);
  CHECK(most <= 2);
}

TEST_CASE("Turnstile: two may be in together") {
  Turnstile turnstile(2);
  const Turnstile::Turn first(turnstile);
  const Turnstile::Turn second(turnstile);  // would wait for ever
}

TEST_CASE("Turnstile: who does not wait has a turn or none") {
  Turnstile turnstile(2);
  const Turnstile::Turn first(turnstile);
  auto second = Turnstile::Turn::without_waiting(turnstile);
  CHECK(second != nullptr);
  CHECK(Turnstile::Turn::without_waiting(turnstile) == nullptr);
  second.reset();
  CHECK(Turnstile::Turn::without_waiting(turnstile) != nullptr);
  const Turnstile::Turn again(turnstile);  // would wait for ever, were one not given back
}

}  // namespace
}  // namespace shale::registry
