#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/identity.h"
#include "auth/scope.h"
#include "auth/signing_key.h"

namespace shale::auth {

/// What a token is good for. One kind is never taken for the other.
enum class TokenUse : std::uint8_t {
  kAccess,   ///< for requests, for some minutes
  kRefresh,  ///< for more access tokens
};

struct TokenClaims {
  TokenUse use = TokenUse::kAccess;
  Identity identity;
  std::vector<Grant> access;
  Time issued;
  Time expires;
};

/// Every way in which a token can be refused.
enum class TokenFault : std::uint8_t {
  kMalformed,  ///< not three parts of base64url, no JSON, a claim twice or of a wrong type
  kAlgorithm,  ///< anything but ES256, which is the key's
  kKey,        ///< signed with a key that is not known here
  kSignature,
  kIssuer,
  kAudience,  ///< for another service
  kExpired,
  kNotYet,
  kUse,  ///< a refresh token where an access token belongs, or the other way round
};
std::string_view text_of(TokenFault fault) noexcept;

/// Writes and reads signed tokens (RFC 7519). What a token's header says of keys and
/// where to get them is never followed. Thread-safe.
class TokenFormat {
 public:
  struct Options {
    std::string issuer = "shale";
    std::string service = "shale";
    std::chrono::seconds skew{30};  ///< by which clocks may differ
  };

  TokenFormat(SigningKey key, Options options)
      : key_(std::move(key)), options_(std::move(options)) {}

  const Options& options() const noexcept { return options_; }
  std::string write(const TokenClaims& claims) const;
  std::variant<TokenClaims, TokenFault> read(std::string_view token, TokenUse use, Time now) const;
  /// The second half of that: claims whose signature is right.
  std::variant<TokenClaims, TokenFault> read_claims(std::string_view text, TokenUse use,
                                                    Time now) const;
  /// The keys that verify tokens of ours (RFC 7517).
  std::string jwks() const { return "{\"keys\":[" + key_.jwk() + "]}"; }

 private:
  SigningKey key_;
  Options options_;
};

}  // namespace shale::auth
