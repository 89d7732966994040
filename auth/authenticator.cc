#include "auth/authenticator.h"

namespace shale::auth {

Outcome AuthenticatorChain::authenticate(const PasswordClaim& claim) {
  for (const auto& source : sources_) {
    Outcome outcome = source->authenticate(claim);
    if (!std::holds_alternative<Unknown>(outcome)) return outcome;
  }
  return Unknown{};
}

LookUp AuthenticatorChain::identity_of(Identity::Kind kind, const std::string& name) const {
  for (const auto& source : sources_) {
    LookUp found = source->identity_of(kind, name);
    if (!std::holds_alternative<Unknown>(found)) return found;
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
