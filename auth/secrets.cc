#include "auth/secrets.h"

#include <cassert>
#include <cstdint>
#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

namespace shale::auth {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

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

KeyedHash::Value KeyedHash::of(std::initializer_list<std::string_view> texts) const {
  // The length before each text keeps "ab", "c" apart from "a", "bc".
  std::string message;
  for (const std::string_view text : texts) {
    const std::uint64_t size = text.size();
    message.append(reinterpret_cast<const char*>(&size), sizeof(size));
    message.append(text);
  }
  Value value{};
  unsigned length = 0;
  const auto* done = ::HMAC(::EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                            bytes_of(message), message.size(), value.data(), &length);
  wipe(message);
  if (done == nullptr || length != value.size()) std::abort();
  return value;
}

}  // namespace shale::auth
