#include "auth/login_gate.h"

#include <algorithm>
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

TEST_CASE("LoginGate: what it holds of a pool leaves some, and every lane keeps one") {
  const auto places = [](const LoginGate::Width& width) { return width.running + width.waiting; };
  const LoginGate::Options whole;
  for (std::size_t threads = 0; threads <= 64; ++threads) {
    CAPTURE(threads);
    const auto options = whole.for_pool(threads);
    for (const auto& width : {options.known, options.quiet, options.noisy}) {
      CHECK(width.running >= 1);
      CHECK(width.running_of_one >= 1);
    }
    CHECK(places(options.known) <= std::max<std::size_t>(threads / 2, 1));
    const std::size_t strangers = places(options.quiet) + places(options.noisy);
    CHECK(strangers <= std::max<std::size_t>(threads / 2, 2));
    if (threads >= 4) CHECK(places(options.known) + strangers < threads);
    CHECK(places(options.known) <= places(whole.known));
    CHECK(places(options.quiet) <= places(whole.quiet));
  }
  const auto large = whole.for_pool(16);
  CHECK(places(large.known) == places(whole.known));
  CHECK(places(large.quiet) == places(whole.quiet));
  const auto small = whole.for_pool(8);
  CHECK(small.known.running == 2);
  CHECK(small.known.waiting == 1);
  CHECK(small.quiet.running == 2);
  CHECK(small.quiet.waiting == 0);
}

}  // namespace
}  // namespace shale::auth
