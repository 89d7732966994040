#include "server/api/credentials.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "auth/base64.h"
#include "auth/secrets.h"

namespace shale::api {
namespace {

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

Credentials read_basic(std::string_view encoded) {
  auto decoded = auth::decode_base64(encoded);
  if (!decoded) return BadCredentials{};
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return BadCredentials{};
  auth::PasswordClaim claim{decoded->substr(0, colon), decoded->substr(colon + 1)};
  auth::wipe(*decoded);
  if (claim.user.empty() && claim.password.empty()) return NoCredentials{};
  return claim;
}

}  // namespace

Credentials read_credentials(const http::Headers& headers) {
  std::optional<std::string_view> field;
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, "authorization")) continue;
    if (field) return BadCredentials{};
    field = value;
  }
  if (!field) return NoCredentials{};
  const auto blank = field->find(' ');
  if (blank == std::string_view::npos) return BadCredentials{};
  const std::string_view scheme = field->substr(0, blank);
  std::string_view rest = field->substr(blank);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (rest.empty()) return BadCredentials{};
  if (equal_ignoring_case(scheme, "basic")) return read_basic(rest);
  if (equal_ignoring_case(scheme, "bearer")) return BearerToken{std::string(rest)};
  return BadCredentials{};
}

}  // namespace shale::api
