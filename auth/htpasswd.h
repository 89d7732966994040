#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace shale::auth {

/// A line that cannot be used. Holds nothing of a hash.
struct HtpasswdProblem {
  std::size_t line = 0;  ///< from 1
  std::string what;
};

/// Users and their password hashes.
struct Htpasswd {
  std::unordered_map<std::string, std::string> users;
  std::vector<HtpasswdProblem> problems;
};

/// Reads `name:hash` lines; blank ones and those that begin with `#` are nothing.
/// What is wrong with a line concerns that line alone: it is named and skipped.
Htpasswd parse_htpasswd(std::string_view text);

/// The text with `user` set to `hash`, every other line as it was.
std::string with_user(std::string_view text, std::string_view user, std::string_view hash);
/// The text without the lines of `user`.
std::string without_user(std::string_view text, std::string_view user);

}  // namespace shale::auth
