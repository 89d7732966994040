#include "tests/bench/programs/sha256.h"

#include <array>

#include <openssl/evp.h>

#include "tests/bench/programs/socket.h"

namespace shale::bench {
namespace {

void require(int succeeded) {
  if (succeeded != 1) {
    die("SHA-256 failed");
  }
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr));
}

Sha256::Sha256(const Sha256& other) : context_(EVP_MD_CTX_new()) {
  require(EVP_MD_CTX_copy_ex(context_, other.context_));
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_, bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> hash{};
  require(EVP_DigestFinal_ex(context_, hash.data(), nullptr));
  require(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr));
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string digest = "sha256:";
  for (const unsigned char byte : hash) {
    digest += kHex[byte >> 4];
    digest += kHex[byte & 15];
  }
  return digest;
}

std::string digest_of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace shale::bench
