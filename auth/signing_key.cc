#include "auth/signing_key.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/base64.h"
#include "auth/files.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

constexpr int kHalf = 32;  ///< bytes of a coordinate, of r and of s

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using PkeyPtr = std::unique_ptr<::EVP_PKEY, Freed<::EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<::BIO, Freed<::BIO_free>>;
using ContextPtr = std::unique_ptr<::EVP_MD_CTX, Freed<::EVP_MD_CTX_free>>;
using SignaturePtr = std::unique_ptr<::ECDSA_SIG, Freed<::ECDSA_SIG_free>>;
using NumberPtr = std::unique_ptr<::BIGNUM, Freed<::BN_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string coordinate(const ::EVP_PKEY* key, const char* which) {
  ::BIGNUM* number = nullptr;
  if (::EVP_PKEY_get_bn_param(key, which, &number) != 1) std::abort();
  const NumberPtr owned(number);
  std::string bytes(kHalf, '\0');
  ::BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), kHalf);
  return encode_base64url(bytes);
}

bool is_p256(const ::EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  return ::EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) == 1 &&
         std::string_view(name.data(), length) == SN_X9_62_prime256v1;
}

std::string why(int error) {
  return std::generic_category().message(error);
}

PkeyPtr read_key(const std::string& path) {
  const BioPtr file(::BIO_new_file(path.c_str(), "r"));
  if (!file) return nullptr;
  // No password: without this, OpenSSL asks on the terminal.
  const auto none = [](char*, int, int, void*) { return -1; };
  return PkeyPtr(::PEM_read_bio_PrivateKey(file.get(), nullptr, none, nullptr));
}

/// Whole or not at all, and for its owner's eyes alone from the first byte.
std::string write_key(const std::string& path, ::EVP_PKEY* key) {
  const BioPtr memory(::BIO_new(::BIO_s_mem()));
  if (!memory ||
      ::PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return "the key cannot be written as PEM";
  }
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(memory.get(), &text);
  const std::string fresh = path + ".new";
  const int file = make_private_file(fresh);
  if (file < 0) return why(errno);
  const bool written =
      ::write(file, text, static_cast<std::size_t>(size)) == size && ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  if (!written) return why(error);
  return ::rename(fresh.c_str(), path.c_str()) == 0 ? std::string() : why(errno);
}

}  // namespace

struct SigningKey::Key {
  PkeyPtr pkey;
};

SigningKey::SigningKey(std::unique_ptr<Key> key) : key_(std::move(key)) {
  const std::string x = coordinate(key_->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  const std::string y = coordinate(key_->pkey.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  const std::string thumb = R"({"crv":"P-256","kty":"EC","x":")" + x + R"(","y":")" + y + "\"}";
  id_ = encode_base64url(sha256(thumb));  // RFC 7638
  jwk_ = R"({"alg":"ES256","crv":"P-256","kid":")" + id_ + R"(","kty":"EC","use":"sig","x":")" + x +
         R"(","y":")" + y + "\"}";
}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::make() {
  PkeyPtr pkey(::EVP_EC_gen("P-256"));
  if (!pkey) std::abort();
  return SigningKey(std::make_unique<Key>(std::move(pkey)));
}

std::variant<SigningKey, std::string> SigningKey::load_or_make(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
    SigningKey made = make();
    if (const std::string fault = write_key(path, made.key_->pkey.get()); !fault.empty()) {
      return "cannot write the key " + path + ": " + fault;
    }
    return made;
  }
  PkeyPtr pkey = read_key(path);
  if (!pkey || !is_p256(pkey.get())) {
    return path + " is not a P-256 key in PEM: move it away, and the next start makes another one";
  }
  return SigningKey(std::make_unique<Key>(std::move(pkey)));
}

std::string SigningKey::sign(std::string_view message) const {
  const ContextPtr context(::EVP_MD_CTX_new());
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

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != std::size_t{2} * kHalf) return false;
  const SignaturePtr parsed(::ECDSA_SIG_new());
  NumberPtr r(::BN_bin2bn(bytes_of(signature), kHalf, nullptr));
  NumberPtr s(::BN_bin2bn(bytes_of(signature) + kHalf, kHalf, nullptr));
  if (!parsed || ::ECDSA_SIG_set0(parsed.get(), r.get(), s.get()) != 1) return false;
  // The signature has them now.
  static_cast<void>(r.release());  // NOLINT(bugprone-unused-return-value)
  static_cast<void>(s.release());  // NOLINT(bugprone-unused-return-value)
  unsigned char* der = nullptr;
  const int size = ::i2d_ECDSA_SIG(parsed.get(), &der);
  if (size <= 0) return false;
  const ContextPtr context(::EVP_MD_CTX_new());
  const bool good = ::EVP_DigestVerifyInit(context.get(), nullptr, ::EVP_sha256(), nullptr,
                                           key_->pkey.get()) == 1 &&
                    ::EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size),
                                       bytes_of(message), message.size()) == 1;
  ::OPENSSL_free(der);
  return good;
}

}  // namespace shale::auth
