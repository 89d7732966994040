#include "server/net/ticket_keys.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "server/net/openssl.h"

namespace shale::net {
namespace {

bool randomize(std::span<unsigned char> bytes) {
  return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
}

}  // namespace

TicketKeys::TicketKeys(Now now)
    : now_(std::move(now)), since_(now_()), keys_{fresh_key(), fresh_key()} {}

TicketKeys::~TicketKeys() {
  OPENSSL_cleanse(keys_.data(), sizeof keys_);
}

TicketKeys::Key TicketKeys::fresh_key() {
  Key key;
  if (!randomize(key.name) || !randomize(key.cipher) || !randomize(key.mac)) {
    throw std::runtime_error("no key for session tickets: " + openssl_reason());
  }
  return key;
}

/// With the lock held.
void TicketKeys::take_turns() {
  const auto now = now_();
  if (now < since_ + kTurn) return;
  // After a long pause the one that sealed is too old to open, too.
  keys_[1] = now < since_ + 2 * kTurn ? keys_[0] : fresh_key();
  keys_[0] = fresh_key();
  since_ = now;
}

bool TicketKeys::ready_mac(const Key& key, evp_mac_ctx_st& mac) {
  std::string digest = "SHA256";
  auto secret = key.mac;
  const std::array parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  const bool ready = EVP_MAC_CTX_set_params(&mac, parameters.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return ready;
}

bool TicketKeys::seal(std::span<unsigned char, kNameSize> name,
                      std::span<unsigned char, kIvSize> iv, evp_cipher_ctx_st& cipher,
                      evp_mac_ctx_st& mac) {
  const std::scoped_lock lock(mutex_);
  take_turns();
  const Key& key = keys_[0];
  std::ranges::copy(key.name, name.begin());
  return randomize(iv) && ready_mac(key, mac) &&
         EVP_EncryptInit_ex(&cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv.data()) == 1;
}

TicketKeys::Opened TicketKeys::open(std::span<const unsigned char, kNameSize> name,
                                    std::span<const unsigned char, kIvSize> iv,
                                    evp_cipher_ctx_st& cipher, evp_mac_ctx_st& mac) {
  const std::scoped_lock lock(mutex_);
  take_turns();
  const auto* const key = std::ranges::find_if(
      keys_, [&](const Key& known) { return std::ranges::equal(known.name, name); });
  if (key == keys_.end()) return Opened::kNo;
  if (!ready_mac(*key, mac) ||
      EVP_DecryptInit_ex(&cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv.data()) != 1) {
    return Opened::kNo;
  }
  return key == keys_.begin() ? Opened::kYes : Opened::kAgain;
}

}  // namespace shale::net
