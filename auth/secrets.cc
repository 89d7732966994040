#include "auth/secrets.h"

#include <cstdint>
#include <cstdlib>
#include <tuple>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace shale::auth {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

constexpr std::size_t kBlock = 64;  // of SHA-256
constexpr char kInnerPad = 0x36;
constexpr char kOuterPad = 0x5c;

/// One hash after the other. Aborts where OpenSSL has no memory.
class Digesting {
 public:
  explicit Digesting(const EVP_MD& digest) : digest_(digest), context_(::EVP_MD_CTX_new()) {}
  Digesting(const Digesting&) = delete;
  Digesting& operator=(const Digesting&) = delete;
  ~Digesting() { ::EVP_MD_CTX_free(context_); }

  void begin(std::string_view bytes) {
    must(context_ == nullptr ? 0 : ::EVP_DigestInit_ex2(context_, &digest_, nullptr));
    add(bytes);
  }
  void add(std::string_view bytes) {
    must(::EVP_DigestUpdate(context_, bytes.data(), bytes.size()));
  }
  KeyedHash::Value end() {
    KeyedHash::Value value{};
    unsigned length = 0;
    must(::EVP_DigestFinal_ex(context_, value.data(), &length));
    return value;
  }

 private:
  static void must(int outcome) {
    if (outcome != 1) std::abort();
  }

  const EVP_MD& digest_;
  EVP_MD_CTX* context_;
};

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    std::abort();
  }
  return bytes;
}

std::string sha256(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  ::SHA256(bytes_of(bytes), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

void wipe(std::string& secret) noexcept {
  ::OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

void KeyedHash::Free::operator()(evp_md_st* digest) const noexcept {
  ::EVP_MD_free(digest);
}

KeyedHash::KeyedHash()
    : sha256_(::EVP_MD_fetch(nullptr, "SHA256", nullptr)),
      inner_(kBlock, kInnerPad),
      outer_(kBlock, kOuterPad) {
  if (!sha256_) std::abort();
  std::string key = random_bytes(std::tuple_size_v<Value>);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner_[i] = static_cast<char>(inner_[i] ^ key[i]);
    outer_[i] = static_cast<char>(outer_[i] ^ key[i]);
  }
  wipe(key);
}

// HMAC (RFC 2104). OpenSSL's own looks all its parts up by their names each time, which
// takes longer than to hash a token.
KeyedHash::Value KeyedHash::of(std::initializer_list<std::string_view> texts) const {
  Digesting digesting(*sha256_);
  digesting.begin(inner_);
  // The length before each text keeps "ab", "c" apart from "a", "bc".
  for (const std::string_view text : texts) {
    const std::uint64_t size = text.size();
    digesting.add({reinterpret_cast<const char*>(&size), sizeof(size)});
    digesting.add(text);
  }
  const Value inner = digesting.end();
  digesting.begin(outer_);
  digesting.add({reinterpret_cast<const char*>(inner.data()), inner.size()});
  return digesting.end();
}

}  // namespace shale::auth
