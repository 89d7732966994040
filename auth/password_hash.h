#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shale::auth {

enum class HashForm : std::uint8_t {
  kGood,
  kUnknown,    ///< of another kind, or not whole
  kTooCostly,  ///< whole, and more work than a login may be
};

/// What `hash` is: bcrypt (`$2a$`, `$2b$`, `$2y$`), SHA-512-crypt (`$6$`) or yescrypt
/// (`$y$`) is good, as far as bcrypt's cost is up to 16, the rounds are up to a million, the
/// memory up to 256 MiB.
HashForm form_of_hash(std::string_view hash);
inline bool is_password_hash(std::string_view hash) {
  return form_of_hash(hash) == HashForm::kGood;
}

/// Whether `password` is the one behind `hash`. Slow on purpose. Passwords that are
/// longer than 511 bytes or have a NUL in them match nothing.
bool password_matches(const std::string& hash, const std::string& password);

/// A bcrypt hash (cost 10, which htpasswd and docker's registry read as well). None
/// when the password is empty, has a NUL in it, or is longer than the 72 bytes that
/// bcrypt looks at.
std::optional<std::string> hash_password(const std::string& password);

}  // namespace shale::auth
