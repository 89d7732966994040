#include "auth/text.h"

#include <cstddef>

namespace shale::auth {
namespace {

constexpr std::size_t kLongestName = 128;

/// How many bytes the character that begins with `lead` has; 0 when none does.
std::size_t length_of(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_of(lead);
    if (length == 0 || length > text.size()) return false;
    for (const char c : text.substr(1, length - 1)) {
      if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) return false;
    }
    if (length > 2) {
      const auto second = static_cast<unsigned char>(text[1]);
      // Longer than need be, a surrogate, or beyond the last character.
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return false;
      if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

bool is_account_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongestName) return false;
  if (name.front() == ' ' || name.back() == ' ') return false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == ':' || c == ',') return false;
  }
  return is_utf8(name);
}

bool is_reserved_name(std::string_view name) noexcept {
  return name == "anonymous" || name == "authenticated" || name.starts_with("robot+");
}

}  // namespace shale::auth
