#include "auth/password_hash.h"

#include <algorithm>
#include <array>
#include <memory>

#include <crypt.h>

#include "auth/secrets.h"

namespace shale::auth {
namespace {

constexpr std::size_t kBcryptBytes = 72;
constexpr int kBcryptCost = 10;

bool only_crypt_characters(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '$' || c == '=';
  });
}

/// `$2b$` + two digits + `$` + 22 of salt + 31 of hash.
bool is_bcrypt(std::string_view hash) {
  constexpr std::size_t kLength = 60;
  if (hash.size() != kLength || hash[6] != '$') return false;
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  return cost >= 4 && cost <= 31 && hash.substr(7).find('$') == std::string_view::npos;
}

bool is_whole(std::string_view hash) {
  if (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) {
    return is_bcrypt(hash);
  }
  constexpr std::size_t kSha512 = 86;
  constexpr std::size_t kYescrypt = 43;
  const auto last = hash.rfind('$');
  const std::size_t length = hash.size() - last - 1;
  if (hash.starts_with("$6$")) return last > 2 && length == kSha512;
  if (hash.starts_with("$y$")) return last > 4 && length == kYescrypt;
  return false;
}

}  // namespace

bool is_password_hash(std::string_view hash) {
  return hash.size() < CRYPT_OUTPUT_SIZE && only_crypt_characters(hash) && is_whole(hash);
}

bool password_matches(const std::string& hash, const std::string& password) {
  if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE || password.find('\0') != std::string::npos) {
    return false;
  }
  const auto data = std::make_unique<::crypt_data>();  // 32 KiB, too large for a stack
  const char* computed = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  // What begins with '*' is how libxcrypt says that it could not.
  return computed != nullptr && *computed != '*' && equal_secrets(computed, hash);
}

std::optional<std::string> hash_password(const std::string& password) {
  if (password.empty() || password.size() > kBcryptBytes ||
      password.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  const std::string random = random_bytes(16);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (::crypt_gensalt_rn("$2y$", kBcryptCost, random.data(), static_cast<int>(random.size()),
                         setting.data(), static_cast<int>(setting.size())) == nullptr) {
    return std::nullopt;
  }
  const auto data = std::make_unique<::crypt_data>();
  const char* hash = ::crypt_r(password.c_str(), setting.data(), data.get());
  if (hash == nullptr || *hash == '*') return std::nullopt;
  return std::string(hash);
}

}  // namespace shale::auth
