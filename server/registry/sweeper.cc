#include "server/registry/sweeper.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace shale::registry {
namespace {

/// Waits for `interval`, less when it is asked to stop.
void wait(const std::stop_token& stop, std::chrono::milliseconds interval) {
  std::mutex mutex;  // guards nothing; the condition asks for one
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop, interval, [] { return false; });
}

}  // namespace

Sweeper::Sweeper(Registry& registry, std::chrono::milliseconds interval,
                 std::function<void(const Result<std::size_t>&)> report)
    : thread_([&registry, interval, report = std::move(report)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto dropped = registry.expire_uploads();
          if (report) report(dropped);
          wait(stop, interval);
        }
      }) {}

}  // namespace shale::registry
