#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "auth/identity.h"

namespace shale::auth {

/// What somebody claims, and the proof. Any bytes.
struct PasswordClaim {
  std::string user;
  std::string password;
};

/// The claim is proved.
struct Accepted {
  IdentityPtr identity;
};
/// This source knows nobody of that name: another one may.
struct Unknown {};
/// This source knows the name, and the proof is wrong.
struct Rejected {};
/// The source could not tell. Never to be taken for any of the above.
struct SourceFailed {
  std::string why;  ///< for the log
};

using Outcome = std::variant<Accepted, Unknown, Rejected, SourceFailed>;
/// Somebody as they are now, or why there is nobody.
using LookUp = std::variant<IdentityPtr, Unknown, SourceFailed>;

/// One source of identities. Thread-safe. Slow on purpose: never to be called
/// by a thread that must not wait.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  virtual Outcome authenticate(const PasswordClaim& claim) = 0;

  /// Whoever proved to be that earlier, as they are now. Quick.
  virtual LookUp identity_of(Identity::Kind kind, const std::string& name) const = 0;

  /// Changes whenever what was accepted before might not be again. Quick.
  virtual std::uint64_t generation() const = 0;
};

/// Several sources, tried in order. The first that knows the name decides, and one
/// that fails decides, too: a later source must not speak for a name that may be
/// an earlier one's. Thread-safe.
class AuthenticatorChain final : public Authenticator {
 public:
  explicit AuthenticatorChain(std::vector<std::unique_ptr<Authenticator>> sources)
      : sources_(std::move(sources)) {}

  Outcome authenticate(const PasswordClaim& claim) override;
  LookUp identity_of(Identity::Kind kind, const std::string& name) const override;
  std::uint64_t generation() const override;

 private:
  std::vector<std::unique_ptr<Authenticator>> sources_;
};

}  // namespace shale::auth
