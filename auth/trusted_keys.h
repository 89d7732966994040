#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auth/identity.h"
#include "auth/sealed_token.h"
#include "auth/verifying_key.h"

namespace shale::auth {

using VerifyingKeyPtr = std::shared_ptr<const VerifyingKey>;

/// The keys of another token service, as its operator gave them to ours. Thread-safe.
class TrustedKeys {
 public:
  /// The texts of files; none where there is no such file.
  struct Texts {
    std::optional<std::string> certificates;  ///< in PEM, one behind the other
    std::optional<std::string> jwks;          ///< RFC 7517
  };
  /// Or what is wrong with them: what cannot be used is left out, but what is broken, or
  /// leaves no key at all, is an error.
  static std::variant<TrustedKeys, std::string> read(const Texts& texts);

  TrustedKeys(TrustedKeys&&) noexcept;
  TrustedKeys& operator=(TrustedKeys&&) noexcept;
  ~TrustedKeys();

  /// The key that has to have signed this: the one of that id (a certificate's has two,
  /// its thumbprint and what libtrust calls it); else that of the first certificate that
  /// comes with the token, if one of ours vouches for it; else, when the token names none
  /// at all, the only one there is. Null when there is no such key.
  VerifyingKeyPtr find(const SealedToken& token, Time now) const;

 private:
  struct Roots;

  TrustedKeys();
  std::string read_certificates(std::string_view text);
  std::string read_jwks(std::string_view text);
  VerifyingKeyPtr vouched_for(const SealedToken& token, Time now) const;

  std::map<std::string, VerifyingKeyPtr, std::less<>> by_id_;
  VerifyingKeyPtr only_;          ///< null: there is none, or more than one
  std::unique_ptr<Roots> roots_;  ///< null: there are no certificates
};

}  // namespace shale::auth
