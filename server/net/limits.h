#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "server/http/head_parser.h"
#include "server/net/options.h"

namespace shale::net {

/// The limits of connections that may change while they live. Whoever keeps to them has a
/// copy, which costs one atomic load to keep current. Thread-safe.
class Limits {
 public:
  Limits(const Timeouts& timeouts, const http::HeadLimits& head)
      : timeouts_(timeouts), head_(head) {}

  void set(const Timeouts& timeouts, const http::HeadLimits& head) {
    const std::scoped_lock lock(mutex_);
    timeouts_ = timeouts;
    head_ = head;
    ++version_;
  }

  /// `seen` is what this has told the same copies before; 0 at first.
  void refresh(std::uint64_t& seen, Timeouts& timeouts, http::HeadLimits& head) const {
    if (version_.load(std::memory_order_relaxed) == seen) return;
    const std::scoped_lock lock(mutex_);
    timeouts = timeouts_;
    head = head_;
    seen = version_;
  }

 private:
  mutable std::mutex mutex_;
  Timeouts timeouts_;
  http::HeadLimits head_;
  std::atomic<std::uint64_t> version_ = 1;
};

}  // namespace shale::net
