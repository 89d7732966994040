#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

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
/// Thread-safe.
class KeyedHash {
 public:
  using Value = std::array<unsigned char, 32>;

  KeyedHash() : key_(random_bytes(32)) {}

  /// Of several texts, so that no two lists of texts share one.
  Value of(std::initializer_list<std::string_view> texts) const;

 private:
  std::string key_;
};

}  // namespace shale::auth
