#pragma once

#include <string>
#include <variant>

#include "auth/json_object.h"
#include "auth/verifying_key.h"

namespace shale::auth {

/// A key that is not for this: of another type, or for encryption.
struct OtherKey {
  std::string why;
};
/// A key that is not what it says.
struct BrokenKey {
  std::string why;
};

/// Reads a public key in JSON (RFC 7517, RFC 7518 section 6).
std::variant<VerifyingKey, OtherKey, BrokenKey> read_jwk(const JsonObject& jwk);

}  // namespace shale::auth
