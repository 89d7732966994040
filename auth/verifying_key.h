#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace shale::auth {

/// The public half of a key, and the one algorithm of RFC 7518 that it verifies: what a
/// token says of algorithms is compared with it and decides nothing. A P-256, P-384 or
/// P-521 key (ES256, ES384, ES512), or RSA of 2048 to 8192 bits (RS256, unless it is said
/// to be for RS384, RS512 or one of the PS family). Thread-safe.
class VerifyingKey {
 public:
  /// Of a SubjectPublicKeyInfo in DER. An empty algorithm is the key's usual one; or why
  /// it is no key that can be used.
  static std::variant<VerifyingKey, std::string> from_der(std::string_view der,
                                                          std::string_view algorithm = {});

  VerifyingKey(VerifyingKey&&) noexcept;
  VerifyingKey& operator=(VerifyingKey&&) noexcept;
  ~VerifyingKey();

  std::string_view algorithm() const noexcept;
  bool verify(std::string_view message, std::string_view signature) const;

  /// RFC 7638, with SHA-256: what most call their keys by.
  std::string thumbprint() const;
  /// What docker's libtrust, and so many token services, call it by.
  std::string libtrust_id() const;

 private:
  struct Key;
  explicit VerifyingKey(std::unique_ptr<Key> key);

  std::unique_ptr<Key> key_;
};

}  // namespace shale::auth
