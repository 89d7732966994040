#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/identity.h"
#include "auth/json_object.h"
#include "auth/scope.h"
#include "auth/sealed_token.h"

namespace shale::auth {

/// Whose tokens are taken, and for whom.
struct ClaimRules {
  std::string issuer;
  std::string service;
  std::chrono::seconds skew{30};  ///< by which clocks may differ
  /// Whether a token may be for others as well.
  enum class Audience : std::uint8_t { kOne, kSeveral } audience = Audience::kOne;
};

/// What tokens of every kind say (RFC 7519), and docker's `access`.
struct StandardClaims {
  std::string subject;  ///< empty: none
  std::string id;       ///< likewise
  std::optional<Time> issued;
  std::optional<Time> not_before;
  Time expires;
  std::vector<Grant> access;
};

/// Of a token whose signature is right.
std::variant<StandardClaims, TokenFault> read_standard_claims(const JsonObject& claims,
                                                              const ClaimRules& rules, Time now);

}  // namespace shale::auth
