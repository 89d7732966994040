#include "blobstore/guarded.h"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <new>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

TEST_CASE("Guarded: begins with the value of an empty initializer") {
  alignas(Guarded<int>) std::array<std::byte, sizeof(Guarded<int>)> place;
  place.fill(std::byte{0xff});
  auto* const guarded = new (place.data()) Guarded<int>;
  CHECK(*guarded->lock() == 0);
  guarded->~Guarded();
}

TEST_CASE("Guarded: threads change the value one at a time") {
  Guarded<int> count;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&count] {
        for (int i = 0; i < 10'000; ++i) {
          auto value = count.lock();
          *value = *value + 1;
        }
      });
    }
  }
  CHECK(*count.lock() == 40'000);
}

TEST_CASE("Guarded: waiting lets others in until the condition holds") {
  Guarded<int> level{1};
  std::condition_variable changed;
  const std::jthread other([&] {
    for (int i = 0; i < 5; ++i) {
      ++*level.lock();
      changed.notify_all();
    }
  });
  auto value = level.lock();
  value.wait(changed, [](int now) { return now == 6; });
  CHECK(*value == 6);
}

TEST_CASE("Guarded: gives a constant owner constant access") {
  const Guarded<std::vector<int>> values{{1, 2, 3}};
  CHECK(values.lock()->size() == 3);
}

}  // namespace
}  // namespace shale::testing
