#include "blobstore/file/grouped_sync.h"

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "blobstore/guarded.h"
#include "tests/support/result.h"

namespace shale::testing {
namespace {

using file::GroupedSync;

/// A sync that does not end before the test says how.
class SlowSync {
 public:
  Result<void> operator()() {
    auto state = state_.lock();
    const int number = ++state->begun;
    changed_.notify_all();
    state.wait(changed_, [&](const State& now) { return now.released >= number; });
    if (state->fails) return Error{Errc::kIo, "sync " + std::to_string(number) + " failed"};
    return {};
  }

  void wait_until_begun(int number) {
    state_.lock().wait(changed_, [&](const State& now) { return now.begun >= number; });
  }
  void release(int up_to) {
    state_.lock()->released = up_to;
    changed_.notify_all();
  }
  void fail_from_now_on() { state_.lock()->fails = true; }
  int begun() const { return state_.lock()->begun; }

 private:
  struct State {
    int begun = 0;
    int released = 0;
    bool fails = false;
  };
  Guarded<State> state_;
  std::condition_variable changed_;
};

struct Fixture {
  GroupedSync group;
  SlowSync slow;
  std::atomic<int> succeeded = 0;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> threads;

  void ask() {
    threads.emplace_back([this] {
      const auto outcome = group.run([this] { return slow(); });
      ++(outcome ? succeeded : failed);
    });
  }
  /// Asks on so many threads and waits until all are waiting behind a running sync.
  void ask_and_wait(int callers) {
    for (int i = 0; i < callers; ++i)
      ask();
    while (group.waiting() < static_cast<std::size_t>(callers))
      std::this_thread::yield();
  }
  void join() { threads.clear(); }
};

TEST_CASE("GroupedSync: each caller alone gets a sync of its own") {
  GroupedSync group;
  int syncs = 0;
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(group.run([&] { return ++syncs, Result<void>(); }));
    CHECK(syncs == i);
  }
}

TEST_CASE("GroupedSync: those who come during a sync share the next one") {
  Fixture f;
  f.ask();
  f.slow.wait_until_begun(1);
  f.ask_and_wait(10);
  CHECK(f.slow.begun() == 1);  // the one that runs began before they came: not theirs

  f.slow.release(1);
  f.slow.wait_until_begun(2);
  CHECK(f.succeeded <= 1);
  f.slow.release(2);
  f.join();
  CHECK(f.slow.begun() == 2);
  CHECK(f.succeeded == 11);
}

TEST_CASE("GroupedSync: a failure reaches all who relied on it") {
  Fixture f;
  f.ask();
  f.slow.wait_until_begun(1);
  f.ask_and_wait(10);
  f.slow.release(1);
  f.slow.wait_until_begun(2);
  f.slow.fail_from_now_on();
  f.slow.release(2);
  f.join();
  CHECK(f.succeeded == 1);
  CHECK(f.failed == 10);
}

TEST_CASE("GroupedSync: no success follows a failure") {
  Fixture f;
  f.slow.fail_from_now_on();
  f.ask();
  f.slow.wait_until_begun(1);
  f.ask_and_wait(3);
  f.slow.release(1);
  f.join();
  CHECK(f.failed == 4);
  CHECK(f.slow.begun() == 1);

  const auto later = f.group.run([] { return Result<void>(); });
  CHECK(error_code(later) == Errc::kIo);
  CHECK(error_message(later) == "sync 1 failed");
}

TEST_CASE("GroupedSync: every caller's change is before a sync that succeeded") {
  // Stands for the directory: a sync makes durable what was changed before it began.
  GroupedSync group;
  std::atomic<int> changes = 0;
  std::atomic<int> durable = 0;
  std::atomic<int> broken_promises = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          const int mine = ++changes;
          const auto done = group.run([&] {
            const int covered = changes;
            std::this_thread::yield();
            durable = covered;
            return Result<void>();
          });
          if (!done || durable < mine) ++broken_promises;
        }
      });
    }
  }
  CHECK(broken_promises == 0);
  CHECK(durable == 4000);
}

}  // namespace
}  // namespace shale::testing
