#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_st;  // OpenSSL's EVP_MD

namespace shale::auth {

/// Takes as long whatever the bytes are; only their number shows.
bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/// From the system's generator. Aborts when it has none: there is no second best.
std::string random_bytes(std::size_t count);

std::string sha256(std::string_view bytes);

/// Writes over what was there, so that it stays in no freed memory.
void wipe(std::string& secret) noexcept;

/// A hash that nobody outside this process can compute: what is kept by it tells
/// nothing, not even to whoever reads this process's memory dump without the key.
/// Quick enough for every request. Thread-safe.
class KeyedHash {
 public:
  using Value = std::array<unsigned char, 32>;

  KeyedHash();

  /// Of several texts, so that no two lists of texts share one.
  Value of(std::initializer_list<std::string_view> texts) const;

 private:
  struct Free {
    void operator()(evp_md_st* digest) const noexcept;
  };

  std::unique_ptr<evp_md_st, Free> sha256_;
  std::string inner_;  ///< the key, as it goes before the texts
  std::string outer_;  ///< and as it goes before the hash of both
};

}  // namespace shale::auth
