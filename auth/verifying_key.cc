#include "auth/verifying_key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "auth/base64.h"
#include "auth/openssl.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

enum class Family : std::uint8_t { kEc, kRsa, kRsaPss };

/// One row for each algorithm; the first that fits a key is its usual one.
struct Algorithm {
  std::string_view name;
  Family family;
  const ::EVP_MD* (*digest)();
  std::string_view group;  ///< of points; as OpenSSL calls it
  std::string_view curve;  ///< the same in RFC 7518
  int half;                ///< bytes of a coordinate, of r and of s
};
constexpr std::array kAlgorithms = {
    Algorithm{"ES256", Family::kEc, ::EVP_sha256, "prime256v1", "P-256", 32},
    Algorithm{"ES384", Family::kEc, ::EVP_sha384, "secp384r1", "P-384", 48},
    Algorithm{"ES512", Family::kEc, ::EVP_sha512, "secp521r1", "P-521", 66},
    Algorithm{"RS256", Family::kRsa, ::EVP_sha256, {}, {}, 0},
    Algorithm{"RS384", Family::kRsa, ::EVP_sha384, {}, {}, 0},
    Algorithm{"RS512", Family::kRsa, ::EVP_sha512, {}, {}, 0},
    Algorithm{"PS256", Family::kRsaPss, ::EVP_sha256, {}, {}, 0},
    Algorithm{"PS384", Family::kRsaPss, ::EVP_sha384, {}, {}, 0},
    Algorithm{"PS512", Family::kRsaPss, ::EVP_sha512, {}, {}, 0},
};

std::string group_of(const ::EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  if (::EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) != 1) return {};
  return {name.data(), length};
}

NumberPtr number_of(const ::EVP_PKEY* key, const char* which) {
  ::BIGNUM* number = nullptr;
  if (::EVP_PKEY_get_bn_param(key, which, &number) != 1) std::abort();
  return NumberPtr(number);
}

/// In base64url, of at least `least` bytes.
std::string text_of(const ::BIGNUM* number, int least) {
  const int size = std::max(BN_num_bytes(number), least);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  ::BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size);
  return encode_base64url(bytes);
}

/// RSA that is too short, so long that checking it holds others up, or with an exponent
/// that nobody uses.
bool is_sound_rsa(const ::EVP_PKEY* key) {
  const int bits = ::EVP_PKEY_get_bits(key);
  const NumberPtr exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  return bits >= 2048 && bits <= 8192 && BN_is_odd(exponent.get()) != 0 &&
         ::BN_is_one(exponent.get()) == 0 && ::BN_num_bits(exponent.get()) <= 32;
}

const Algorithm* algorithm_for(const ::EVP_PKEY* key, std::string_view wanted) {
  const int type = ::EVP_PKEY_get_base_id(key);
  const std::string group = type == EVP_PKEY_EC ? group_of(key) : std::string();
  const auto fits = [&](const Algorithm& algorithm) {
    if (!wanted.empty() && algorithm.name != wanted) return false;
    if (type == EVP_PKEY_EC) return algorithm.family == Family::kEc && algorithm.group == group;
    return type == EVP_PKEY_RSA && algorithm.family != Family::kEc;
  };
  const auto* const found = std::ranges::find_if(kAlgorithms, fits);
  return found == kAlgorithms.end() ? nullptr : found;
}

std::string der_of(const ::EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(key, &der);
  if (size <= 0) std::abort();
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  ::OPENSSL_free(der);
  return text;
}

/// From r and s, each as long as the curve wants it; empty when they are not.
std::string ecdsa_der(std::string_view signature, int half) {
  if (signature.size() != std::size_t{2} * static_cast<std::size_t>(half)) return {};
  const SignaturePtr parsed(::ECDSA_SIG_new());
  NumberPtr r(::BN_bin2bn(bytes_of(signature), half, nullptr));
  NumberPtr s(::BN_bin2bn(bytes_of(signature) + half, half, nullptr));
  if (!parsed || ::ECDSA_SIG_set0(parsed.get(), r.get(), s.get()) != 1) return {};
  // The signature has them now.
  static_cast<void>(r.release());  // NOLINT(bugprone-unused-return-value)
  static_cast<void>(s.release());  // NOLINT(bugprone-unused-return-value)
  unsigned char* der = nullptr;
  const int size = ::i2d_ECDSA_SIG(parsed.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  ::OPENSSL_free(der);
  return text;
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 5; held -= 5)
      text += kAlphabet[(bits >> (held - 5)) & 31U];
  }
  return text;
}

}  // namespace

struct VerifyingKey::Key {
  PkeyPtr pkey;
  const Algorithm* algorithm;
};

VerifyingKey::VerifyingKey(std::unique_ptr<Key> key) : key_(std::move(key)) {}
VerifyingKey::VerifyingKey(VerifyingKey&&) noexcept = default;
VerifyingKey& VerifyingKey::operator=(VerifyingKey&&) noexcept = default;
VerifyingKey::~VerifyingKey() = default;

std::variant<VerifyingKey, std::string> VerifyingKey::from_der(std::string_view der,
                                                               std::string_view algorithm) {
  const unsigned char* at = bytes_of(der);
  PkeyPtr pkey(::d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!pkey || at != bytes_of(der) + der.size()) return "is no public key";
  const Algorithm* found = algorithm_for(pkey.get(), algorithm);
  if (found == nullptr) {
    return algorithm.empty() ? "is neither RSA nor on P-256, P-384 or P-521"
                             : "is not for " + std::string(algorithm);
  }
  if (found->family != Family::kEc && !is_sound_rsa(pkey.get())) {
    return "is RSA of fewer than 2048 or more than 8192 bits, or of an unusual exponent";
  }
  const PkeyContextPtr context(::EVP_PKEY_CTX_new(pkey.get(), nullptr));
  if (found->family == Family::kEc && ::EVP_PKEY_public_check(context.get()) != 1) {
    return "is no point of its curve";
  }
  return VerifyingKey(std::make_unique<Key>(std::move(pkey), found));
}

std::string_view VerifyingKey::algorithm() const noexcept {
  return key_->algorithm->name;
}

bool VerifyingKey::verify(std::string_view message, std::string_view signature) const {
  const Algorithm& algorithm = *key_->algorithm;
  std::string der;
  if (algorithm.family == Family::kEc) {
    der = ecdsa_der(signature, algorithm.half);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestPtr context(::EVP_MD_CTX_new());
  ::EVP_PKEY_CTX* padding = nullptr;
  if (::EVP_DigestVerifyInit(context.get(), &padding, algorithm.digest(), nullptr,
                             key_->pkey.get()) != 1) {
    return false;
  }
  if (algorithm.family == Family::kRsaPss &&
      (::EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
       ::EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return ::EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                            message.size()) == 1;
}

std::string VerifyingKey::thumbprint() const {
  const ::EVP_PKEY* key = key_->pkey.get();
  const Algorithm& algorithm = *key_->algorithm;
  const auto text = [&](const char* which) {
    return text_of(number_of(key, which).get(), algorithm.half);
  };
  if (algorithm.family == Family::kEc) {
    return encode_base64url(sha256(R"({"crv":")" + std::string(algorithm.curve) +
                                   R"(","kty":"EC","x":")" + text(OSSL_PKEY_PARAM_EC_PUB_X) +
                                   R"(","y":")" + text(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"}"));
  }
  return encode_base64url(sha256(R"({"e":")" + text(OSSL_PKEY_PARAM_RSA_E) +
                                 R"(","kty":"RSA","n":")" + text(OSSL_PKEY_PARAM_RSA_N) + "\"}"));
}

std::string VerifyingKey::libtrust_id() const {
  constexpr std::size_t kBytes = 30;
  constexpr std::size_t kGroup = 4;
  const std::string text = base32(sha256(der_of(key_->pkey.get())).substr(0, kBytes));
  std::string id;
  for (std::size_t at = 0; at < text.size(); at += kGroup)
    (id += id.empty() ? "" : ":") += text.substr(at, kGroup);
  return id;
}

}  // namespace shale::auth
