#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

#include "server/registry/registry.h"

namespace shale::registry {

/// Scrubs when it is asked to (`ScrubDesk::ask`), and on its own, on a thread of
/// its own, until it is destroyed; that ends a scrub within a piece of reading, or the look
/// at the metadata in hand.
class Scrubber {
 public:
  struct Schedule {
    std::uint64_t rate = 0;  ///< bytes a second of the scrubs of its own; 0: none of those
    std::chrono::milliseconds first = std::chrono::minutes(15);       ///< after the start
    std::chrono::milliseconds between = std::chrono::hours(24);       ///< from end to begin
    std::chrono::milliseconds look = std::chrono::milliseconds(250);  ///< for what is asked
  };

  /// `registry` and `clock` must outlive this. `report`, which may be empty, gets what each
  /// scrub found, on the scrubber's thread.
  Scrubber(Registry& registry, const Clock& clock, const Schedule& schedule,
           std::function<void(const ScrubDesk::Status&)> report);

  /// Replaces `Schedule::rate` for the scrubs that begin from now on.
  void set_rate(std::uint64_t rate) noexcept { rate_ = rate; }

 private:
  std::atomic<std::uint64_t> rate_;
  std::jthread thread_;  ///< last, so that it ends before what it reads
};

}  // namespace shale::registry
