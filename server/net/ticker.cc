#include "server/net/ticker.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include <pthread.h>

namespace shale::net {

Ticker::Ticker(std::chrono::milliseconds interval, std::function<void()> work)
    : thread_([interval, work = std::move(work)](const std::stop_token& stop) {
        std::mutex mutex;  // guards nothing; the condition asks for one
        std::condition_variable_any stopped;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
          stopped.wait_for(lock, stop, interval, [] { return false; });
          if (!stop.stop_requested()) work();
        }
      }) {
  ::pthread_setname_np(thread_.native_handle(), "shale-ticker");
}

}  // namespace shale::net
