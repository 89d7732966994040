#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/identity.h"
#include "auth/key_ring.h"
#include "auth/scope.h"
#include "auth/sealed_token.h"
#include "auth/token_claims.h"

namespace shale::auth {

/// What a token is good for. One kind is never taken for the other.
enum class TokenUse : std::uint8_t {
  kAccess,   ///< for requests, for some minutes
  kRefresh,  ///< for more access tokens
};

/// Whose token it is. One of ours stands for what we know of its bearer; another's says
/// all itself.
enum class TokenOrigin : std::uint8_t { kOwn, kExternal };

struct TokenClaims {
  TokenUse use = TokenUse::kAccess;
  Identity identity;
  std::vector<Grant> access;
  Time issued;
  Time expires;
  /// Names the token; `write` makes one up.
  std::string id = {};  // NOLINT(readability-redundant-member-init): may be left out
  TokenOrigin origin = TokenOrigin::kOwn;
};

/// Writes and reads tokens of ours (RFC 7519). Thread-safe.
class TokenFormat {
 public:
  struct Options {
    std::string issuer = "shale";
    std::string service = "shale";
    std::chrono::seconds skew{30};  ///< by which clocks may differ
  };

  TokenFormat(std::shared_ptr<KeyRing> keys, Options options)
      : keys_(std::move(keys)), options_(std::move(options)) {}
  TokenFormat(SigningKey key, Options options)
      : TokenFormat(std::make_shared<KeyRing>(std::move(key)), std::move(options)) {}

  const Options& options() const noexcept { return options_; }
  KeyRing& keys() const noexcept { return *keys_; }

  /// Signed with the key of the time when it is issued.
  std::string write(const TokenClaims& claims) const;
  std::variant<TokenClaims, TokenFault> read(std::string_view token, TokenUse use, Time now) const;
  std::variant<TokenClaims, TokenFault> read(const SealedToken& sealed, TokenUse use,
                                             Time now) const;
  /// The second half of that: claims whose signature is right.
  std::variant<TokenClaims, TokenFault> read_claims(std::string_view text, TokenUse use,
                                                    Time now) const;

 private:
  std::shared_ptr<KeyRing> keys_;  ///< never null; shared with nobody who would change it
  Options options_;
};

}  // namespace shale::auth
