#include "auth/signing_key.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <utility>
#include <variant>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "auth/base64.h"
#include "auth/openssl.h"

namespace shale::auth {
namespace {

constexpr int kHalf = 32;  ///< bytes of a coordinate, of r and of s

std::string coordinate(const ::EVP_PKEY* key, const char* which) {
  ::BIGNUM* number = nullptr;
  if (::EVP_PKEY_get_bn_param(key, which, &number) != 1) std::abort();
  const NumberPtr owned(number);
  std::string bytes(kHalf, '\0');
  ::BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), kHalf);
  return encode_base64url(bytes);
}

/// None for all keys but those of P-256.
std::optional<VerifyingKey> public_half(const ::EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(key, &der);
  if (size <= 0) return std::nullopt;
  auto half = VerifyingKey::from_der(
      {reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}, "ES256");
  ::OPENSSL_free(der);
  auto* good = std::get_if<VerifyingKey>(&half);
  return good == nullptr ? std::nullopt : std::optional(std::move(*good));
}

}  // namespace

struct SigningKey::Key {
  PkeyPtr pkey;
};

SigningKey::SigningKey(std::unique_ptr<Key> key, VerifyingKey half)
    : key_(std::move(key)), public_(std::move(half)), id_(public_.thumbprint()) {
  const std::string x = coordinate(key_->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  const std::string y = coordinate(key_->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  jwk_ = R"({"alg":"ES256","crv":"P-256","kid":")" + id_ + R"(","kty":"EC","use":"sig","x":")" + x +
         R"(","y":")" + y + "\"}";
}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::make() {
  PkeyPtr pkey(::EVP_EC_gen("P-256"));
  auto half = pkey ? public_half(pkey.get()) : std::nullopt;
  if (!half) std::abort();
  return {std::make_unique<Key>(std::move(pkey)), *std::move(half)};
}

std::optional<SigningKey> SigningKey::from_pem(std::string_view text) {
  const BioPtr memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!memory) return std::nullopt;
  // No password: without this, OpenSSL asks on the terminal.
  const auto none = [](char*, int, int, void*) { return -1; };
  PkeyPtr pkey(::PEM_read_bio_PrivateKey(memory.get(), nullptr, none, nullptr));
  auto half = pkey ? public_half(pkey.get()) : std::nullopt;
  if (!half) return std::nullopt;
  return SigningKey(std::make_unique<Key>(std::move(pkey)), *std::move(half));
}

std::string SigningKey::pem() const {
  const BioPtr memory(::BIO_new(::BIO_s_secmem()));
  if (!memory || ::PEM_write_bio_PrivateKey(memory.get(), key_->pkey.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1) {
    std::abort();
  }
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string SigningKey::sign(std::string_view message) const {
  const DigestPtr context(::EVP_MD_CTX_new());
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  if (::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha256(), nullptr, key_->pkey.get()) !=
          1 ||
      ::EVP_DigestSign(context.get(), der.data(), &size, bytes_of(message), message.size()) != 1) {
    std::abort();
  }
  const unsigned char* at = der.data();
  const SignaturePtr parsed(::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  std::string signature(std::size_t{2} * kHalf, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  ::BN_bn2binpad(::ECDSA_SIG_get0_r(parsed.get()), out, kHalf);
  ::BN_bn2binpad(::ECDSA_SIG_get0_s(parsed.get()), out + kHalf, kHalf);
  return signature;
}

}  // namespace shale::auth
