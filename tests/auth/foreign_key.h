#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace shale::auth {

/// A key of a token service that is not ours, with its secret half.
class ForeignKey {
 public:
  static ForeignKey rsa(unsigned bits = 2048);
  static ForeignKey ec(const char* curve = "P-256");

  ForeignKey(ForeignKey&&) noexcept;
  ~ForeignKey();

  /// The public half, of which the algorithm is `algorithm`.
  std::string jwk(const std::string& algorithm, const std::string& id) const;
  /// As JWS has it. `algorithm` is one of RS256, PS256, ES256, ES384 and ES512.
  std::string sign(std::string_view algorithm, std::string_view message) const;

  struct Certificate {
    std::string der;
    std::string pem;
  };
  /// Of this key, signed by `issuer`; `from` and `to` are seconds since 1970.
  Certificate certificate(const std::string& name, const ForeignKey& issuer,
                          const std::string& issuer_name, long from, long to) const;
  Certificate authority(const std::string& name) const;

 private:
  struct Key;
  explicit ForeignKey(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
};

/// With padding, as `x5c` wants it.
std::string base64_of(std::string_view bytes);

}  // namespace shale::auth
