#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace shale::registry {

/// Waits for `interval`, less when it is asked to stop.
inline void wait_between(const std::stop_token& stop, std::chrono::milliseconds interval) {
  std::mutex mutex;  // guards nothing; the condition asks for one
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, interval, [] { return false; });
}

}  // namespace shale::registry
