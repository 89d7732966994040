#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The lexical rules of RFC 9110, RFC 9112 and RFC 3986 that every parser here shares.
namespace shale::http {

enum class CharClass : std::uint8_t {
  kToken = 1,       ///< tchar: methods, field names, media types
  kTarget = 2,      ///< what a request target may hold, '%' included
  kFieldValue = 4,  ///< HTAB, SP, VCHAR and obs-text: no other control character
  kUnreserved = 8,  ///< needs no escape anywhere in a URI
  kHexDigit = 16,
};

/// One bit per `CharClass` for each byte.
extern const std::array<std::uint8_t, 256> kCharClasses;

inline bool is(CharClass wanted, char c) noexcept {
  return (kCharClasses[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(wanted)) != 0;
}

bool consists_of(CharClass wanted, std::string_view text) noexcept;

/// `text` is a token: not empty, and nothing but tchar.
bool is_token(std::string_view text) noexcept;

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// ASCII only, whatever the locale.
constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// Without the blanks (SP, HTAB) at both ends.
std::string_view trim(std::string_view text) noexcept;

/// One or more digits and nothing else. None when malformed; a number that does
/// not fit is cut to the largest that does.
std::optional<std::uint64_t> parse_saturated(std::string_view digits) noexcept;

/// One or more digits and nothing else. None when malformed or too large.
std::optional<std::uint64_t> parse_decimal(std::string_view digits) noexcept;

/// The next member of a comma-separated list that holds no quoted strings,
/// trimmed; `rest` moves past it. Empty members are skipped (RFC 9110, section
/// 5.6.1.2). None at the end.
std::optional<std::string_view> next_member(std::string_view& rest) noexcept;

/// `value` with every character that may not stand in a field value turned into
/// a space, so that nothing that came from a client can begin a new line.
std::string clean_field_value(std::string_view value);

}  // namespace shale::http
