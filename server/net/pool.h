#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shale::net {

/// Threads for whatever may wait: for the disk, for a lock, for a scan.
/// Thread-safe. The destructor finishes what is queued.
class Pool {
 public:
  using Task = std::function<void()>;

  /// Told how long a task waited for its thread, on that thread. Empty: nobody is.
  using Waited = std::function<void(std::chrono::nanoseconds)>;

  /// At most `queue` tasks wait for one of the `threads`.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  Pool(std::size_t threads, std::size_t queue, Waited waited = {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Queues a new piece of work. False, and nothing happens, when the queue is full.
  [[nodiscard]] bool try_submit(Task task);

  /// Queues the next step of work that was once admitted: never refused, because
  /// there is at most one such step for each admitted request.
  void submit_step(Task task);

  struct Load {
    std::size_t waiting = 0;  ///< tasks
    std::size_t busy = 0;     ///< threads
  };
  Load load() const;

 private:
  struct Waiting {
    Task task;
    std::chrono::steady_clock::time_point since;
  };

  void run();
  void enqueue(Task task, std::unique_lock<std::mutex> lock);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> tasks_;
  std::size_t busy_ = 0;
  const std::size_t queue_;
  const Waited waited_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace shale::net
