#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "blobstore/guarded.h"
#include "server/registry/scrub.h"

namespace shale::registry {

/// Where scrubs are asked for, run, and told of. Thread-safe.
class ScrubDesk {
 public:
  struct Status {
    bool waiting = false;  ///< one was asked for and has not begun
    bool running = false;
    std::uint64_t rate = 0;  ///< bytes a second of the one that runs or ran last; 0: full speed
    std::optional<Time> started;
    std::optional<Time> finished;    ///< none while it runs
    ScrubReport report;              ///< of the one that runs, else of the last
    std::string failure;             ///< why the last one ended early; empty when it did not
    std::uint64_t lost_on_read = 0;  ///< blobs that a pull found gone or of a wrong size
    std::uint64_t set_aside = 0;     ///< now
  };

  /// What it borrows must outlive it. Files younger than `young` are left alone. While
  /// `only_tells` says so, also in the middle of a scrub, nothing is changed.
  ScrubDesk(Scrub& scrub, const Quarantine& quarantine, const Clock& clock,
            std::chrono::milliseconds young, std::function<bool()> only_tells)
      : scrub_(scrub),
        quarantine_(quarantine),
        clock_(clock),
        young_(young),
        only_tells_(std::move(only_tells)) {}

  /// Has a scrub run at `rate` bytes a second, 0 for full speed. False while one is asked for
  /// or runs. It is for the `Scrubber` to do it.
  bool ask(std::uint64_t rate);
  /// The rate that was asked for, once; `run` follows.
  std::optional<std::uint64_t> take();
  /// Compares all that is stored with what is known of it. One at a time. Ends early, and says
  /// so, when `stop` asks for it.
  Result<void> run(std::uint64_t rate, const std::stop_token& stop);

  void count_lost() { ++lost_; }
  Status status() const;

 private:
  Scrub& scrub_;
  const Quarantine& quarantine_;
  const Clock& clock_;
  const std::chrono::milliseconds young_;
  const std::function<bool()> only_tells_;
  std::mutex one_at_a_time_;
  Guarded<Status> status_;
  std::uint64_t asked_ = 0;  ///< under the lock of `status_`
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace shale::registry
