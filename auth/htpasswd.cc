#include "auth/htpasswd.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/password_hash.h"
#include "auth/text.h"

namespace shale::auth {
namespace {

std::string_view pop_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_nothing(std::string_view line) {
  return line.starts_with('#') || line.find_first_not_of(" \t") == std::string_view::npos;
}

bool is_of(std::string_view line, std::string_view user) {
  return line.size() > user.size() && line.starts_with(user) && line[user.size()] == ':';
}

/// What is wrong with a line, or nothing.
std::optional<std::string> fault_of(std::string_view name, std::string_view hash) {
  if (!is_account_name(name)) {
    return "the user name is empty, too long, or has a character that names may not have";
  }
  if (is_reserved_name(name)) {
    return "no user may be called " + std::string(name) +
           ": anonymous, authenticated and what begins with robot+ mean others. Rename the user";
  }
  const HashForm form = form_of_hash(hash);
  if (form == HashForm::kGood) return std::nullopt;
  const std::string whose = "the password of " + std::string(name);
  if (form == HashForm::kTooCostly) {
    return whose + " is hashed at a cost that no login may have (bcrypt beyond 16, SHA-512-crypt " +
           "beyond 1000000 rounds, yescrypt beyond 256 MiB): set it anew with `shale user add`";
  }
  if (hash.starts_with("$apr1$") || hash.starts_with("{SHA}")) {
    return whose + " is hashed with MD5 or SHA-1, which protect nothing: set it anew with " +
           "`shale user add`, or `htpasswd -B`";
  }
  return whose + " is no bcrypt, SHA-512-crypt or yescrypt hash: set it anew with " +
         "`shale user add`, or `htpasswd -B`";
}

}  // namespace

Htpasswd parse_htpasswd(std::string_view text) {
  Htpasswd parsed;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = pop_line(text);
    if (is_nothing(line)) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      parsed.problems.push_back({number, "there is no colon: write NAME:HASH"});
      continue;
    }
    const std::string_view name = line.substr(0, colon);
    // What follows a second colon is a comment to Apache.
    const std::string_view hash = line.substr(colon + 1, line.find(':', colon + 1) - colon - 1);
    if (auto fault = fault_of(name, hash)) {
      parsed.problems.push_back({number, *std::move(fault)});
      continue;
    }
    if (!parsed.users.emplace(name, hash).second) {
      parsed.problems.push_back(
          {number, "the user " + std::string(name) + " is here twice: the first line counts"});
    }
  }
  return parsed;
}

std::string with_user(std::string_view text, std::string_view user, std::string_view hash) {
  const std::string entry = std::string(user) + ':' + std::string(hash);
  std::string changed;
  bool placed = false;
  while (!text.empty()) {
    const std::string_view line = pop_line(text);
    if (!is_of(line, user)) {
      (changed += line) += '\n';
    } else if (!std::exchange(placed, true)) {
      (changed += entry) += '\n';
    }
  }
  if (!placed) (changed += entry) += '\n';
  return changed;
}

std::string without_user(std::string_view text, std::string_view user) {
  std::string changed;
  while (!text.empty()) {
    const std::string_view line = pop_line(text);
    if (!is_of(line, user)) (changed += line) += '\n';
  }
  return changed;
}

}  // namespace shale::auth
