#include "blobstore/digest.h"

#include <algorithm>
#include <cassert>

namespace shale {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_component_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_separator(char c) {
  return c == '+' || c == '.' || c == '_' || c == '-';
}

bool is_encoded_character(char c) {
  return is_component_character(c) || (c >= 'A' && c <= 'Z') || c == '=' || c == '_' || c == '-';
}

/// Components of letters and digits, joined by single separators.
bool is_algorithm_name(std::string_view name) {
  bool component = false;  // the character before belongs to one
  for (const char c : name) {
    if (!is_component_character(c) && !(component && is_separator(c))) return false;
    component = is_component_character(c);
  }
  return component;
}

/// -1 for what is no lower-case hex digit.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// False unless `hex` is exactly lower-case hex of `raw.size()` bytes.
bool decode_hex(std::string_view hex, std::span<std::byte> raw) {
  if (hex.size() != 2 * raw.size()) return false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    raw[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

/// Into twice as many characters.
void encode_hex(std::span<const std::byte> raw, std::span<char> hex) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    hex[2 * i] = kHexDigits[std::to_integer<unsigned>(raw[i]) >> 4];
    hex[(2 * i) + 1] = kHexDigits[std::to_integer<unsigned>(raw[i]) & 0xf];
  }
}

/// What a client sent may be long and may hold anything.
Error invalid(std::string_view text, std::string_view why) {
  constexpr std::size_t kShown = 200;
  std::string message = "digest \"" + std::string(text.substr(0, kShown)) +
                        (text.size() > kShown ? "...\" " : "\" ") + std::string(why);
  return Error{Errc::kDigestInvalid, message, {message}};
}

}  // namespace

std::string_view algorithm_name(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::kSha256:
      return "sha256";
    case Algorithm::kSha512:
      return "sha512";
  }
  assert(false && "an algorithm that is none");
  return {};
}

std::optional<Algorithm> algorithm_from_name(std::string_view name) noexcept {
  if (name == "sha256") return Algorithm::kSha256;
  if (name == "sha512") return Algorithm::kSha512;
  return std::nullopt;
}

std::size_t digest_size(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::kSha256 ? 32 : 64;
}

Result<Digest> Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return invalid(text, "is not of the form algorithm:encoded");
  }
  const std::string_view name = text.substr(0, colon);
  const std::string_view encoded = text.substr(colon + 1);
  if (!is_algorithm_name(name)) return invalid(text, "begins with no algorithm name");
  if (encoded.empty() || !std::ranges::all_of(encoded, is_encoded_character)) {
    return invalid(text, "has no valid encoded part");
  }

  const auto algorithm = algorithm_from_name(name);
  if (!algorithm) {
    std::string message = "digest algorithm \"" + std::string(name.substr(0, 64)) +
                          "\" is not supported; use sha256 or sha512";
    return Error{Errc::kDigestUnsupported, message, {message}};
  }
  std::array<std::byte, 64> raw{};
  const auto used = std::span(raw).first(digest_size(*algorithm));
  if (!decode_hex(encoded, used)) {
    return invalid(text, "needs " + std::to_string(2 * used.size()) + " lower-case hex digits");
  }
  return Digest(*algorithm, used);
}

std::optional<Digest> Digest::from_raw(Algorithm algorithm, std::span<const std::byte> raw) {
  if (raw.size() != digest_size(algorithm)) return std::nullopt;
  return Digest(algorithm, raw);
}

Digest::Digest(Algorithm algorithm, std::span<const std::byte> raw) : algorithm_(algorithm) {
  assert(raw.size() == digest_size(algorithm));
  std::ranges::copy(raw, raw_.begin());
}

std::string Digest::hex() const {
  std::string text(2 * digest_size(algorithm_), '\0');
  encode_hex(raw(), text);
  return text;
}

std::string Digest::str() const {
  const std::string_view name = algorithm_name(algorithm_);
  std::string text(name.size() + 1 + (2 * digest_size(algorithm_)), ':');
  std::ranges::copy(name, text.begin());
  encode_hex(raw(), std::span(text).subspan(name.size() + 1));
  return text;
}

}  // namespace shale
