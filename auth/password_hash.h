#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shale::auth {

/// Whether `hash` is in a form that is checked here: bcrypt (`$2a$`, `$2b$`,
/// `$2y$`), SHA-512-crypt (`$6$`) or yescrypt (`$y$`), and whole; and whether it costs no
/// more than a login may: bcrypt's cost up to 16, a million rounds, 256 MiB of memory.
bool is_password_hash(std::string_view hash);

/// Whether `password` is the one behind `hash`. Slow on purpose. Passwords that are
/// longer than 511 bytes or have a NUL in them match nothing.
bool password_matches(const std::string& hash, const std::string& password);

/// A bcrypt hash (cost 10, which htpasswd and docker's registry read as well). None
/// when the password is empty, has a NUL in it, or is longer than the 72 bytes that
/// bcrypt looks at.
std::optional<std::string> hash_password(const std::string& password);

}  // namespace shale::auth
