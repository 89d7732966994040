#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/guarded.h"
#include "auth/identity.h"

namespace shale::auth {

/// Slows down whoever guesses passwords. Failures are counted for each pair of
/// address and user, for each address and for each user; the more there were, the
/// longer the next attempt has to wait. A user's count holds only for addresses that
/// failed before, so nobody can lock a user out from elsewhere; and who is known at an
/// address waits for the pair's own failures alone. IPv6 addresses count by their /64.
/// Bounded. Thread-safe and quick.
class LoginThrottle {
 public:
  struct Options {
    unsigned free_for_pair = 5;      ///< failures that cost nothing
    unsigned free_for_address = 30;  ///< many people may share one
    unsigned free_for_user = 30;
    std::chrono::seconds longest = std::chrono::seconds{60};
    std::chrono::seconds forget = std::chrono::minutes{10};  ///< after the last failure
    std::size_t most = 16384;                                ///< of each kind
  };

  LoginThrottle() : LoginThrottle(Options{}) {}
  explicit LoginThrottle(Options options) : options_(options) {}

  /// How long the pair's own failures make it wait; none: not at all. That is all that
  /// counts for a remembered password, and for users where they logged in before.
  std::optional<std::chrono::seconds> wait_of_pair(std::string_view address, std::string_view user,
                                                   Time now) const;
  /// The same for everybody else: the failures of address and user count, too.
  std::optional<std::chrono::seconds> wait_of_stranger(std::string_view address,
                                                       std::string_view user, Time now) const;
  /// Whether that address failed lately, whoever it claimed to be.
  bool is_noisy(std::string_view address, Time now) const;

  void failed(std::string_view address, std::string_view user, Time now);
  /// Forgives the pair. Not the address: who guesses may have an account as well.
  void succeeded(std::string_view address, std::string_view user);

 private:
  struct Failures {
    unsigned count = 0;
    Time last;
  };
  using Counts = std::unordered_map<std::string, Failures>;
  struct State {
    Counts pairs;
    Counts addresses;
    Counts users;
  };

  Failures find(const Counts& counts, const std::string& key, Time now) const;
  std::optional<std::chrono::seconds> wait(const Failures& failures, unsigned free, Time now) const;
  void count(Counts& counts, const std::string& key, Time now) const;

  const Options options_;
  Guarded<State> state_;
};

/// What of an address one party is likely to own: IPv4 whole, of IPv6 the first 64 bits.
std::string party_of(std::string_view address);

}  // namespace shale::auth
