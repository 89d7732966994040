#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "auth/access_policy.h"
#include "auth/authenticator.h"
#include "auth/external_tokens.h"
#include "auth/guarded.h"
#include "auth/revocations.h"
#include "auth/secrets.h"
#include "auth/token.h"

namespace shale::auth {

/// A token that was verified.
struct VerifiedToken {
  IdentityPtr identity;
  std::vector<Grant> access;
  TokenOrigin origin = TokenOrigin::kOwn;
};
using VerifiedTokenPtr = std::shared_ptr<const VerifiedToken>;

/// What a client gets for its login.
struct IssuedToken {
  std::string token;
  std::string refresh_token;  ///< empty: none
  std::vector<Grant> access;
  Time issued;
  std::chrono::seconds life{};
};

/// Issues tokens and tells what they are worth: ours, and those of an external service.
/// Ours end with the password that they were got for: their stamp is compared whenever the
/// source has changed. Borrows the source of identities. Thread-safe.
class TokenService {
 public:
  struct Options {
    TokenFormat::Options format;
    std::chrono::seconds life = std::chrono::minutes{5};
    std::chrono::seconds refresh_life = std::chrono::hours{24 * 30};
    std::size_t most_remembered = 16384;

    /// How long after it was issued any token may still be taken.
    std::chrono::seconds longest_token() const {
      return std::max(life, refresh_life) + format.skew;
    }
  };

  /// What outlives the process, or comes from elsewhere.
  struct Parts {
    std::shared_ptr<KeyRing> keys;             ///< never null
    std::unique_ptr<Revocations> revocations;  ///< never null
    std::unique_ptr<ExternalTokens> external;  ///< null: tokens of ours only
  };

  TokenService(Authenticator& source, Parts parts, Options options)
      : source_(source),
        format_(std::move(parts.keys), options.format),
        options_(std::move(options)),
        revocations_(std::move(parts.revocations)),
        external_(std::move(parts.external)) {}
  /// With one key, that lives as long as the process.
  TokenService(Authenticator& source, SigningKey key, Options options)
      : TokenService(
            source,
            {std::make_shared<KeyRing>(std::move(key)), std::make_unique<Revocations>(), nullptr},
            std::move(options)) {}

  const std::string& service() const noexcept { return format_.options().service; }
  /// The keys that verify tokens of ours (RFC 7517).
  std::string jwks() const { return format_.keys().jwks(); }

  /// What changes with time: keys are made and removed, and those of others read again.
  /// Cheap while there is nothing to do; to be called every second, by one thread, that
  /// may wait for the disk.
  void refresh(Time now);

  enum class Refresh : std::uint8_t { kNo, kYes };
  /// A token for what of `asked` the policy allows.
  IssuedToken issue(const Identity& who, const std::vector<Grant>& asked,
                    const AccessPolicy& policy, Refresh refresh, Time now) const;

  /// A token that was verified before, and still holds; null otherwise. Quick.
  VerifiedTokenPtr recall(std::string_view token, Time now) const;
  /// `SourceFailed`: whether it still holds cannot be told now.
  std::variant<VerifiedTokenPtr, TokenFault, SourceFailed> verify(std::string_view token, Time now);
  /// Whose refresh token it is; `SourceFailed` as above.
  std::variant<IdentityPtr, TokenFault, SourceFailed> read_refresh(std::string_view token,
                                                                   Time now) const;

  /// Whose token it was that counts no more from now on; null when it was none of ours,
  /// or had expired.
  using Revoked = std::variant<IdentityPtr, Revocations::Failed>;
  Revoked revoke(std::string_view token, Time now);
  /// All tokens that somebody got before now. Waits for the disk, as `revoke` does.
  std::optional<Revocations::Failed> revoke_all(const Identity& bearer, Time now) {
    return revocations_->revoke_all(bearer, now);
  }

 private:
  struct Entry {
    VerifiedTokenPtr verified;
    std::uint64_t generation = 0;
    Time until;
  };
  struct FirstBytes {
    std::size_t operator()(const KeyedHash::Value& value) const noexcept;
  };

  std::variant<TokenClaims, TokenFault, SourceFailed> read(std::string_view token, TokenUse use,
                                                           Time now) const;
  std::variant<TokenClaims, TokenFault> read_any(std::string_view token, TokenUse use,
                                                 Time now) const;
  std::uint64_t generation() const;

  Authenticator& source_;
  const TokenFormat format_;
  const Options options_;
  const std::unique_ptr<Revocations> revocations_;
  const std::unique_ptr<ExternalTokens> external_;
  const KeyedHash hash_;
  Guarded<std::unordered_map<KeyedHash::Value, Entry, FirstBytes>> remembered_;
};

}  // namespace shale::auth
