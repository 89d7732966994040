#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "auth/authenticator.h"
#include "auth/guarded.h"
#include "auth/login_gate.h"
#include "auth/login_throttle.h"
#include "auth/remembered_logins.h"

namespace shale::auth {

/// Too many attempts: come back later.
struct TooMany {
  std::chrono::seconds retry_after{1};
};

/// Logs people in with a password: remembers, slows down, bounds, verifies. Borrows
/// the authenticator. Thread-safe.
class PasswordLogin {
 public:
  struct Options {
    RememberedLogins::Options remembered;
    LoginThrottle::Options throttle;
    LoginGate::Options gate;
  };

  explicit PasswordLogin(Authenticator& source) : PasswordLogin(source, Options{}) {}
  PasswordLogin(Authenticator& source, const Options& options)
      : source_(source),
        remembered_(options.remembered),
        throttle_(options.throttle),
        gate_(options.gate) {}

  /// It has to be verified.
  struct NotRemembered {};
  using Recalled = std::variant<Accepted, NotRemembered, TooMany>;
  /// Quick: for the event loop.
  Recalled recall(const PasswordClaim& claim, const std::string& address, Time now) const;

  using Verdict = std::variant<Accepted, Rejected, TooMany, SourceFailed>;
  /// Slow, and may wait for its turn.
  Verdict verify(const PasswordClaim& claim, const std::string& address, Time now);

 private:
  std::optional<std::chrono::seconds> wait_of(const PasswordClaim& claim,
                                              const std::string& address, Time now) const;
  bool is_known(const PasswordClaim& claim, const std::string& address) const;
  void note_known(const PasswordClaim& claim, const std::string& address);

  Authenticator& source_;
  RememberedLogins remembered_;
  LoginThrottle throttle_;
  LoginGate gate_;
  /// From where each user came with the right password, the latest last.
  Guarded<std::unordered_map<std::string, std::vector<std::string>>> known_;
};

}  // namespace shale::auth
