#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/verifying_key.h"

namespace shale::auth {

/// A P-256 key that signs tokens (ES256, RFC 7518). Thread-safe.
class SigningKey {
 public:
  /// A fresh one.
  static SigningKey make();
  /// None when the text is no P-256 key in PEM without a passphrase.
  static std::optional<SigningKey> from_pem(std::string_view text);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  /// Names the key: a hash of its public half.
  const std::string& id() const noexcept { return id_; }
  /// The public half, as JSON (RFC 7517).
  const std::string& jwk() const noexcept { return jwk_; }
  /// The secret half, for `from_pem`. Whoever has it can sign.
  std::string pem() const;

  /// 64 bytes, r and s.
  std::string sign(std::string_view message) const;
  bool verify(std::string_view message, std::string_view signature) const {
    return public_.verify(message, signature);
  }

 private:
  struct Key;
  SigningKey(std::unique_ptr<Key> key, VerifyingKey half);

  std::unique_ptr<Key> key_;
  VerifyingKey public_;
  std::string id_;
  std::string jwk_;
};

}  // namespace shale::auth
