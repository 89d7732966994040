#include "auth/authenticator.h"

namespace shale::auth {

Outcome AuthenticatorChain::authenticate(const PasswordClaim& claim) {
  for (const auto& source : sources_) {
    Outcome outcome = source->authenticate(claim);
    if (!std::holds_alternative<Unknown>(outcome)) return outcome;
  }
  return Unknown{};
}

StampOutcome AuthenticatorChain::stamp_of(const std::string& user) const {
  for (const auto& source : sources_) {
    StampOutcome stamp = source->stamp_of(user);
    if (!std::holds_alternative<Unknown>(stamp)) return stamp;
  }
  return Unknown{};
}

std::uint64_t AuthenticatorChain::generation() const {
  // Each only grows, so their sum never comes back to an earlier value.
  std::uint64_t sum = 0;
  for (const auto& source : sources_)
    sum += source->generation();
  return sum;
}

}  // namespace shale::auth
