#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace shale::auth {

/// A value that is reachable only through its lock. This room includes nothing of
/// ours, so it has its own. Thread-safe; a thread must not ask for it twice.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  template <class Value>
  class Access {
   public:
    Value& operator*() const noexcept { return value_; }
    Value* operator->() const noexcept { return &value_; }

    /// Lets go of the value until `ready(value)` holds.
    template <class Ready>
    void wait(std::condition_variable& changed, Ready ready) {
      changed.wait(lock_, [&] { return ready(value_); });
    }

   private:
    friend class Guarded;
    Access(std::mutex& mutex, Value& value) : lock_(mutex), value_(value) {}

    std::unique_lock<std::mutex> lock_;
    Value& value_;
  };

  Access<T> lock() { return {mutex_, value_}; }
  Access<const T> lock() const { return {mutex_, value_}; }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace shale::auth
