#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "blobstore/clock.h"

namespace shale::registry {

/// Spreads reading over time: so many bytes a second, and no more at once than a quarter of
/// a second's. A clock that was set, or a machine that slept, costs or gains nobody more than
/// a second. One thread at a time.
class Pace {
 public:
  /// 0: as fast as it goes.
  Pace(const Clock& clock, std::uint64_t bytes_per_second) noexcept
      : clock_(clock), rate_(bytes_per_second) {}

  /// How much to read at once.
  std::size_t piece() const noexcept {
    constexpr std::uint64_t kLeast = std::uint64_t{4} << 10U;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 20U;
    return static_cast<std::size_t>(rate_ == 0 ? kMost : std::clamp(rate_ / 4, kLeast, kMost));
  }

  /// How long to wait before so many bytes more.
  std::chrono::milliseconds before(std::size_t bytes) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    if (rate_ == 0) return milliseconds(0);
    const Moment now = clock_.now();
    if (next_ < now - seconds(1) || next_ > now + cost_ + seconds(1)) next_ = now;
    const auto wait = duration_cast<milliseconds>(next_ - now);
    cost_ = std::chrono::microseconds(bytes * std::uint64_t{1'000'000} / rate_);
    next_ += cost_;
    return std::max(wait, milliseconds(0));
  }

 private:
  using Moment = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

  const Clock& clock_;
  const std::uint64_t rate_;
  Moment next_;
  std::chrono::microseconds cost_{0};  ///< of the last bytes
};

}  // namespace shale::registry
