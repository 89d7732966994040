#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "blobstore/guarded.h"
#include "server/registry/scrub.h"

namespace shale::registry {

/// Where scrubs are asked for, and where it is told how they go. Thread-safe.
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

  /// False while one is asked for or runs.
  bool ask(std::uint64_t rate) {
    auto status = status_.lock();
    if (status->running || status->waiting) return false;
    status->waiting = true;
    asked_ = rate;
    return true;
  }
  /// The rate that was asked for, once; `begin` follows.
  std::optional<std::uint64_t> take() {
    auto status = status_.lock();
    if (!status->waiting) return std::nullopt;
    status->waiting = false;
    status->running = true;  // so that nobody sees neither and takes it for over
    return asked_;
  }

  void begin(std::uint64_t rate, Time now) {
    auto status = status_.lock();
    status->running = true;
    status->rate = rate;
    status->started = now;
    status->finished.reset();
    status->report = {};
    status->failure.clear();
  }
  void show(const ScrubReport& report) { status_.lock()->report = report; }
  void end(const ScrubReport& report, const Result<void>& outcome, Time now) {
    auto status = status_.lock();
    status->running = false;
    status->finished = now;
    status->report = report;
    if (!outcome) status->failure = outcome.error().message;
  }

  void count_lost() { ++lost_; }
  Status status() const {
    Status copy = *status_.lock();
    copy.lost_on_read = lost_.load();
    return copy;
  }

 private:
  Guarded<Status> status_;
  std::uint64_t asked_ = 0;  ///< under the lock of `status_`
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace shale::registry
