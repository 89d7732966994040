#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace shale::auth {

/// A P-256 key that signs tokens (ES256, RFC 7518). Thread-safe.
class SigningKey {
 public:
  /// A fresh one, for as long as the process lives.
  static SigningKey make();
  /// The key in a PEM file; made there, for its owner's eyes alone, when there is none.
  /// Or why not.
  static std::variant<SigningKey, std::string> load_or_make(const std::string& path);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  /// Names the key: a hash of its public half.
  const std::string& id() const noexcept { return id_; }
  /// The public half, as JSON (RFC 7517).
  const std::string& jwk() const noexcept { return jwk_; }

  /// 64 bytes, r and s.
  std::string sign(std::string_view message) const;
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Key;
  explicit SigningKey(std::unique_ptr<Key> key);

  std::unique_ptr<Key> key_;
  std::string id_;
  std::string jwk_;
};

}  // namespace shale::auth
