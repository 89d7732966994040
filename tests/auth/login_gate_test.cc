#include "auth/login_gate.h"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

using Lane = LoginGate::Lane;

TEST_CASE("LoginGate: no lane takes what another has left") {
  LoginGate gate({.known = {1, 0, 1}, .quiet = {1, 0, 1}, .noisy = {1, 0, 1}});
  const auto noisy = gate.enter(Lane::kNoisy, "a");
  CHECK(noisy);
  CHECK_FALSE(gate.enter(Lane::kNoisy, "b"));
  const auto quiet = gate.enter(Lane::kQuiet, "c");
  CHECK(quiet);
  CHECK_FALSE(gate.enter(Lane::kQuiet, "d"));
  CHECK(gate.enter(Lane::kKnown, "e"));
}

TEST_CASE("LoginGate: one address gets its share only, and leaving makes room") {
  LoginGate gate({.quiet = {.running = 3, .waiting = 0, .of_one_address = 2, .running_of_one = 2}});
  auto first = gate.enter(Lane::kQuiet, "a");
  const auto second = gate.enter(Lane::kQuiet, "a");
  CHECK(second);
  CHECK_FALSE(gate.enter(Lane::kQuiet, "a"));
  CHECK(gate.enter(Lane::kQuiet, "b"));
  first.reset();
  CHECK(gate.enter(Lane::kQuiet, "a"));
}

TEST_CASE("LoginGate: who waits gets a turn, and never more run than may") {
  LoginGate gate({.quiet = {2, 6, 8, 2}});
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto ticket = gate.enter(Lane::kQuiet, "a");
        if (!ticket) return;
        const int now = ++running;
        int seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --running;
        ++done;
      });
    }
  }
  CHECK(done == 8);
  CHECK(most <= 2);
}

}  // namespace
}  // namespace shale::auth
