#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "blobstore/guarded.h"

namespace shale::registry {

/// Lets a few at a time do what costs memory; the others wait, in no order.
/// Thread-safe. Who has a turn must not wait for another one.
class Turnstile {
 public:
  explicit Turnstile(std::size_t at_once) : free_(at_once) {}

  /// One turn, as long as it lives. Must not outlive the turnstile.
  class Turn {
   public:
    /// Waits until there is one.
    explicit Turn(Turnstile& turnstile) : turnstile_(turnstile) {
      auto free = turnstile_.free_.lock();
      free.wait(turnstile_.changed_, [](std::size_t turns) { return turns > 0; });
      --*free;
    }
    /// One that is to be had at once, or none.
    static std::unique_ptr<Turn> without_waiting(Turnstile& turnstile) {
      auto free = turnstile.free_.lock();
      if (*free == 0) return nullptr;
      auto turn = std::unique_ptr<Turn>(new Turn(turnstile, kTaken));
      --*free;
      return turn;
    }
    ~Turn() {
      ++*turnstile_.free_.lock();
      turnstile_.changed_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    enum Taken : std::uint8_t { kTaken };
    Turn(Turnstile& turnstile, Taken) : turnstile_(turnstile) {}

    Turnstile& turnstile_;
  };

 private:
  Guarded<std::size_t> free_;
  std::condition_variable changed_;
};

}  // namespace shale::registry
