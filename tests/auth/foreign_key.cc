#include "tests/auth/foreign_key.h"

#include <array>

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "auth/base64.h"
#include "auth/openssl.h"

namespace shale::auth {
namespace {

std::string number(const ::EVP_PKEY* key, const char* which, int least) {
  ::BIGNUM* raw = nullptr;
  REQUIRE(::EVP_PKEY_get_bn_param(key, which, &raw) == 1);
  const NumberPtr owned(raw);
  const int size = least > 0 ? least : BN_num_bytes(raw);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  ::BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), size);
  return encode_base64url(bytes);
}

int half_of(const ::EVP_PKEY* key) {
  return (::EVP_PKEY_get_bits(key) + 7) / 8;
}

const ::EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm.ends_with("384")) return ::EVP_sha384();
  return algorithm.ends_with("512") ? ::EVP_sha512() : ::EVP_sha256();
}

std::string raw_signature(const std::string& der, int half) {
  const unsigned char* at = bytes_of(der);
  const SignaturePtr parsed(::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  REQUIRE(parsed);
  std::string raw(static_cast<std::size_t>(half) * 2, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  ::BN_bn2binpad(::ECDSA_SIG_get0_r(parsed.get()), out, half);
  ::BN_bn2binpad(::ECDSA_SIG_get0_s(parsed.get()), out + half, half);
  return raw;
}

void set_name(::X509_NAME* name, const std::string& text) {
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes_of(text), -1, -1, 0);
}

}  // namespace

struct ForeignKey::Key {
  PkeyPtr pkey;
};

ForeignKey::ForeignKey(std::unique_ptr<Key> key) : key_(std::move(key)) {
  REQUIRE(key_->pkey);
}
ForeignKey::ForeignKey(ForeignKey&&) noexcept = default;
ForeignKey::~ForeignKey() = default;

ForeignKey ForeignKey::rsa(unsigned bits) {
  return ForeignKey(std::make_unique<Key>(PkeyPtr(::EVP_RSA_gen(bits))));
}

ForeignKey ForeignKey::ec(const char* curve) {
  return ForeignKey(std::make_unique<Key>(PkeyPtr(::EVP_EC_gen(curve))));
}

std::string ForeignKey::jwk(const std::string& algorithm, const std::string& id) const {
  const ::EVP_PKEY* key = key_->pkey.get();
  std::string text = R"({"kid":")" + id + '"';
  if (!algorithm.empty()) text += R"(,"alg":")" + algorithm + '"';
  if (::EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    return text + R"(,"kty":"RSA","n":")" + number(key, OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" +
           number(key, OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
  }
  const int bits = ::EVP_PKEY_get_bits(key);
  const std::string curve = bits == 256 ? "P-256" : bits == 384 ? "P-384" : "P-521";
  return text + R"(,"kty":"EC","crv":")" + curve + R"(","x":")" +
         number(key, OSSL_PKEY_PARAM_EC_PUB_X, half_of(key)) + R"(","y":")" +
         number(key, OSSL_PKEY_PARAM_EC_PUB_Y, half_of(key)) + "\"}";
}

std::string ForeignKey::sign(std::string_view algorithm, std::string_view message) const {
  const DigestPtr context(::EVP_MD_CTX_new());
  ::EVP_PKEY_CTX* padding = nullptr;
  REQUIRE(::EVP_DigestSignInit(context.get(), &padding, digest_of(algorithm), nullptr,
                               key_->pkey.get()) == 1);
  if (algorithm.starts_with("PS")) {
    ::EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
    ::EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
  }
  std::string signature(2048, '\0');
  std::size_t size = signature.size();
  REQUIRE(::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                           bytes_of(message), message.size()) == 1);
  signature.resize(size);
  return algorithm.starts_with("ES") ? raw_signature(signature, half_of(key_->pkey.get()))
                                     : signature;
}

ForeignKey::Certificate ForeignKey::certificate(const std::string& name, const ForeignKey& issuer,
                                                const std::string& issuer_name, long from,
                                                long to) const {
  const CertificatePtr made(::X509_new());
  ::X509* x509 = made.get();
  ::X509_set_version(x509, 2);
  static long serial = 0;
  ::ASN1_INTEGER_set(::X509_get_serialNumber(x509), ++serial);
  ::ASN1_TIME_set(::X509_getm_notBefore(x509), from);
  ::ASN1_TIME_set(::X509_getm_notAfter(x509), to);
  set_name(::X509_get_subject_name(x509), name);
  set_name(::X509_get_issuer_name(x509), issuer_name);
  ::X509_set_pubkey(x509, key_->pkey.get());
  if (name == issuer_name) {
    ::X509_EXTENSION* extension =
        ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    ::X509_add_ext(x509, extension, -1);
    ::X509_EXTENSION_free(extension);
  }
  REQUIRE(::X509_sign(x509, issuer.key_->pkey.get(), ::EVP_sha256()) > 0);

  unsigned char* der = nullptr;
  const int size = ::i2d_X509(x509, &der);
  Certificate certificate{{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)}, {}};
  ::OPENSSL_free(der);
  const BioPtr memory(::BIO_new(::BIO_s_mem()));
  ::PEM_write_bio_X509(memory.get(), x509);
  char* text = nullptr;
  const long length = ::BIO_get_mem_data(memory.get(), &text);
  certificate.pem.assign(text, static_cast<std::size_t>(length));
  return certificate;
}

ForeignKey::Certificate ForeignKey::authority(const std::string& name) const {
  return certificate(name, *this, name, 1'600'000'000, 2'000'000'000);
}

std::string base64_of(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes),
                    static_cast<int>(bytes.size()));
  text.pop_back();  // the zero that it writes behind
  return text;
}

}  // namespace shale::auth
