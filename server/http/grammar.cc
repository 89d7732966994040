#include "server/http/grammar.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace shale::http {
namespace {

constexpr std::string_view kAlphanumerics =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

using Classes = std::array<std::uint8_t, 256>;

constexpr void mark(Classes& classes, CharClass wanted, std::string_view chars) {
  for (const char c : chars) {
    classes[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(wanted);
  }
}

constexpr Classes classify() {
  Classes classes{};
  mark(classes, CharClass::kToken, kAlphanumerics);
  mark(classes, CharClass::kToken, "!#$%&'*+-.^_`|~");
  mark(classes, CharClass::kUnreserved, kAlphanumerics);
  mark(classes, CharClass::kUnreserved, "-._~");
  mark(classes, CharClass::kTarget, kAlphanumerics);
  // The rest of pchar, with '/', '?' and, for IPv6 hosts in absolute form, brackets.
  mark(classes, CharClass::kTarget, "-._~%!$&'()*+,;=:@/?[]");
  mark(classes, CharClass::kHexDigit, "0123456789abcdefABCDEF");
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) {
      classes[c] |= static_cast<std::uint8_t>(CharClass::kFieldValue);
    }
  }
  return classes;
}

}  // namespace

constinit const std::array<std::uint8_t, 256> kCharClasses = classify();

bool consists_of(CharClass wanted, std::string_view text) noexcept {
  return std::ranges::all_of(text, [wanted](char c) { return is(wanted, c); });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && consists_of(CharClass::kToken, text);
}

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> parse_saturated(std::string_view digits) noexcept {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kLargest - digit) / 10) return kLargest;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::uint64_t> parse_decimal(std::string_view digits) noexcept {
  // Saturation hides one legal number, 2^64 - 1, which no length or offset reaches.
  const auto value = parse_saturated(digits);
  if (value == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return value;
}

std::optional<std::string_view> next_member(std::string_view& rest) noexcept {
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view member = trim(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (!member.empty()) return member;
  }
  return std::nullopt;
}

std::string clean_field_value(std::string_view value) {
  std::string clean(value);
  std::ranges::replace_if(clean, [](char c) { return !is(CharClass::kFieldValue, c); }, ' ');
  return clean;
}

}  // namespace shale::http
