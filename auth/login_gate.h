#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "auth/guarded.h"

namespace shale::auth {

/// Bounds how many passwords are verified at a time, and how many threads wait for
/// that, in three lanes of their own: a flood from addresses that failed before, or
/// that nobody has seen, does not hold up those that are known. Thread-safe.
class LoginGate {
 public:
  enum class Lane : std::uint8_t {
    kKnown,  ///< the user came from there before
    kQuiet,  ///< nothing is known against the address
    kNoisy,  ///< the address failed lately
  };
  struct Width {
    std::size_t running = 1;
    std::size_t waiting = 1;
    std::size_t of_one_address = 1;  ///< both together
    std::size_t running_of_one = 1;  ///< so that one address never takes all the turns
  };
  struct Options {
    Width known{.running = 2, .waiting = 5, .of_one_address = 7};
    Width quiet{.running = 2, .waiting = 4, .of_one_address = 4};
    Width noisy{.running = 1, .waiting = 0, .of_one_address = 1};

    /// The same for a pool of so many threads, each of which an entry may hold: at most
    /// half of them go to the known, and half to the others together, less one thread
    /// each that is left to other work. Every lane keeps one.
    Options for_pool(std::size_t threads) const;
  };

  LoginGate() : LoginGate(Options{}) {}
  explicit LoginGate(const Options& options);
  ~LoginGate();
  LoginGate(const LoginGate&) = delete;
  LoginGate& operator=(const LoginGate&) = delete;

  /// The right to verify one password, until it goes.
  class Ticket {
   public:
    Ticket(LoginGate& gate, Lane lane, std::string address)
        : gate_(&gate), lane_(lane), address_(std::move(address)) {}
    Ticket(Ticket&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)),
          lane_(other.lane_),
          address_(std::move(other.address_)) {}
    Ticket& operator=(Ticket&&) = delete;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
      if (gate_ != nullptr) gate_->leave(lane_, address_);
    }

   private:
    LoginGate* gate_;
    Lane lane_;
    std::string address_;
  };

  /// Waits for its turn. None, at once, when too many wait already.
  std::optional<Ticket> enter(Lane lane, const std::string& address);

 private:
  struct State;
  void leave(Lane lane, const std::string& address) noexcept;

  std::array<Width, 3> widths_;
  std::unique_ptr<State> state_;
};

}  // namespace shale::auth
