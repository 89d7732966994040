#include "server/net/pool.h"

#include <utility>

#include <pthread.h>

namespace shale::net {

Pool::Pool(std::size_t threads, std::size_t queue, Waited waited)
    : queue_(queue), waited_(std::move(waited)) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), "shale-pool");
  }
}

Pool::~Pool() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

bool Pool::try_submit(Task task) {
  std::unique_lock lock(mutex_);
  if (tasks_.size() >= queue_) return false;
  enqueue(std::move(task), std::move(lock));
  return true;
}

void Pool::submit_step(Task task) {
  enqueue(std::move(task), std::unique_lock(mutex_));
}

void Pool::enqueue(Task task, std::unique_lock<std::mutex> lock) {
  tasks_.push_back({std::move(task), std::chrono::steady_clock::now()});
  lock.unlock();
  wake_.notify_one();
}

Pool::Load Pool::load() const {
  const std::scoped_lock lock(mutex_);
  return {.waiting = tasks_.size(), .busy = busy_};
}

void Pool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    Waiting next = std::move(tasks_.front());
    tasks_.pop_front();
    ++busy_;
    lock.unlock();
    if (waited_) waited_(std::chrono::steady_clock::now() - next.since);
    next.task();
    next.task = nullptr;  // what it holds goes outside of the lock
    lock.lock();
    --busy_;
  }
}

}  // namespace shale::net
