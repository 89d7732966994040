#pragma once

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

  /// At most `queue` tasks wait for one of the `threads`.
  Pool(std::size_t threads, std::size_t queue);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Queues a new piece of work. False, and nothing happens, when the queue is full.
  [[nodiscard]] bool try_submit(Task task);

  /// Queues the next step of work that was once admitted: never refused, because
  /// there is at most one such step for each admitted request.
  void submit_step(Task task);

 private:
  void run();
  void enqueue(Task task, std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::size_t queue_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace shale::net
