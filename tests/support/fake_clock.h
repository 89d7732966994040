#pragma once

#include <atomic>
#include <chrono>

#include "blobstore/clock.h"

namespace shale::testing {

/// Time that moves only when the test says so. Thread-safe.
class FakeClock final : public Clock {
 public:
  /// Begins at a fixed moment well away from zero, so that "long ago" exists.
  FakeClock() : FakeClock(Time(std::chrono::seconds(1'700'000'000))) {}
  explicit FakeClock(Time start) : now_(start) {}

  Time now() const override { return now_.load(); }
  void set(Time now) { now_.store(now); }
  void advance(std::chrono::milliseconds by) { now_.store(now_.load() + by); }

 private:
  std::atomic<Time> now_;
};

}  // namespace shale::testing
