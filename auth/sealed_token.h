#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shale::auth {

/// Every way in which a token can be refused.
enum class TokenFault : std::uint8_t {
  kMalformed,  ///< not three parts of base64url, no JSON, a claim twice or of a wrong type
  kAlgorithm,  ///< anything but the one of its key
  kKey,        ///< signed with a key that is not known here
  kSignature,
  kIssuer,
  kAudience,  ///< for another service
  kExpired,
  kNotYet,
  kUse,      ///< a refresh token where an access token belongs, or the other way round
  kRevoked,  ///< before it would have expired
  kSubject,  ///< for somebody whose name no user can have here
};
std::string_view text_of(TokenFault fault) noexcept;

/// A signed token (RFC 7515, compact) taken apart. Nothing in it is to be believed before
/// a key that is known otherwise has verified the signature: where its header says that
/// keys can be had (`jwk`, `jku`, `x5u`) is not even read.
struct SealedToken {
  std::string algorithm;
  std::optional<std::string> key_id;
  std::vector<std::string> chain;  ///< of certificates in DER, the signer's first; often none
  std::string_view message;        ///< what is signed; in the token
  std::string signature;
  std::string claims;  ///< JSON

  /// `token` must outlive the result.
  static std::variant<SealedToken, TokenFault> open(std::string_view token);
};

}  // namespace shale::auth
