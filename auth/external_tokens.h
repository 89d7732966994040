#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "auth/files.h"
#include "auth/guarded.h"
#include "auth/sealed_token.h"
#include "auth/token.h"
#include "auth/trusted_keys.h"

namespace shale::auth {

/// Reads the tokens of another service, as distribution's `auth.token` does: what they say
/// of access is what their bearers may do. Its keys are read again when their files change;
/// what is wrong with a changed file leaves those before it in force. Thread-safe.
class ExternalTokens {
 public:
  struct Options {
    std::string issuer;
    std::string service;       ///< whom the tokens have to be for
    std::string certificates;  ///< file; empty: none
    std::string jwks;          ///< file; empty: none
    std::chrono::seconds skew{30};
  };
  /// Told of a changed file, and of one that cannot be used.
  using Report = std::function<void(const std::string& what)>;

  /// Or why not.
  static std::variant<std::unique_ptr<ExternalTokens>, std::string> open(Options options,
                                                                         Report report);

  std::variant<TokenClaims, TokenFault> read(const SealedToken& sealed, Time now) const;
  /// Claims whose signature is right.
  std::variant<TokenClaims, TokenFault> read_claims(std::string_view text, Time now) const;

  /// Looks at the files; cheap while they are the same. Not for an event loop.
  void refresh();
  /// Changes with the keys. Quick.
  std::uint64_t generation() const noexcept { return generation_.load(); }

 private:
  struct Stamps {
    FileStamp certificates;
    FileStamp jwks;
    bool operator==(const Stamps&) const = default;
  };
  using KeysPtr = std::shared_ptr<const TrustedKeys>;

  ExternalTokens(Options options, Report report)
      : options_(std::move(options)), report_(std::move(report)) {}
  Stamps stamps() const;
  std::variant<KeysPtr, std::string> load() const;

  const Options options_;
  const Report report_;
  Guarded<Stamps> seen_;
  Guarded<KeysPtr> keys_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace shale::auth
