#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/guarded.h"
#include "auth/identity.h"

namespace shale::auth {

/// Bounds what bad tokens cost others. Whoever sends good ones, or few bad ones, is let
/// through; an address (of IPv6 its /64) that sent many bad ones lately may have few verified
/// at a time, and all such addresses together not many more. Bounded. Thread-safe and quick.
class TokenGate {
 public:
  struct Options {
    unsigned free = 30;                                     ///< bad tokens that change nothing
    std::chrono::seconds forget = std::chrono::minutes{1};  ///< after the last one
    std::size_t of_one = 2;                                 ///< at a time, beyond that
    std::size_t of_all = 8;
    std::size_t most = 16384;  ///< addresses that are kept
  };

  TokenGate() : TokenGate(Options{}) {}
  explicit TokenGate(Options options);
  ~TokenGate();
  TokenGate(const TokenGate&) = delete;
  TokenGate& operator=(const TokenGate&) = delete;

  /// The right to have one token verified, as long as it lives; it may outlive the gate.
  /// Shared, because the work that it goes along with is copied about.
  using Pass = std::shared_ptr<const void>;
  /// None when that address has to wait.
  std::optional<Pass> enter(std::string_view address, Time now) const;

  /// The address sent a token that was bad.
  void failed(std::string_view address, Time now);

 private:
  struct State;
  struct Noisy;

  const Options options_;
  std::shared_ptr<Guarded<State>> state_;  ///< with every pass
};

}  // namespace shale::auth
