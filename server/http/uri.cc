#include "server/http/uri.h"

#include <algorithm>
#include <cstddef>

#include "server/http/grammar.h"
#include "server/http/ip_network.h"

namespace shale::http {
namespace {

bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// How many bytes the character at the start of `text` takes, or 0 when it is no
/// UTF-8: overlong forms, surrogates and what lies behind U+10FFFF are none.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (lead == 0xE0 && second < 0xA0) return 0;  // overlong
  if (lead == 0xED && second > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && second < 0x90) return 0;  // overlong
  if (lead == 0xF4 && second > 0x8F) return 0;  // too large
  const std::string_view tail = text.substr(1, length - 1);
  return std::ranges::all_of(tail, is_continuation) ? length : 0;
}

/// UTF-8 without control characters.
bool is_clean_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x20 || first == 0x7f) return false;
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> decode(std::string_view encoded) {
  std::string text;
  text.reserve(encoded.size());
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] != '%') {
      text.push_back(encoded[at]);
      continue;
    }
    if (at + 2 >= encoded.size()) return std::nullopt;
    const int high = hex_value(encoded[at + 1]);
    const int low = hex_value(encoded[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text.push_back(static_cast<char>(high * 16 + low));
    at += 2;
  }
  if (!is_clean_text(text)) return std::nullopt;
  return text;
}

std::string encode(std::string_view text, char kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is(CharClass::kUnreserved, c) || c == kept) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]});
    }
  }
  return encoded;
}

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 && parse_decimal(text).value_or(65536) <= 65535;
}

}  // namespace

std::optional<std::string> decode_path(std::string_view encoded) {
  auto path = decode(encoded);
  if (!path) return std::nullopt;
  const auto slashes = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '/');
  };
  if (path->find('\\') != std::string::npos || slashes(*path) != slashes(encoded)) {
    return std::nullopt;
  }
  return path;
}

std::optional<Query> Query::parse(std::string_view encoded) {
  Query query;
  while (!encoded.empty()) {
    const std::size_t end = encoded.find('&');
    const std::string_view parameter = encoded.substr(0, end);
    encoded.remove_prefix(end == std::string_view::npos ? encoded.size() : end + 1);
    if (parameter.empty()) continue;

    const std::size_t equals = parameter.find('=');
    auto name = decode(parameter.substr(0, equals));
    auto value = decode(equals == std::string_view::npos ? "" : parameter.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    query.parameters_.emplace_back(*std::move(name), *std::move(value));
  }
  return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const noexcept {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) values.emplace_back(value);
  }
  return values;
}

std::string encode_component(std::string_view text) {
  return encode(text, '-');
}

std::string encode_path(std::string_view path) {
  return encode(path, '/');
}

bool is_authority(std::string_view text) {
  if (text.substr(0, 1) == "[") {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view port = text.substr(close + 1);
    const std::string_view host = text.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos || !IpAddress::parse(host)) return false;
    return port.empty() || (port.front() == ':' && is_port(port.substr(1)));
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (host.empty() || host.size() > 255 || !consists_of(CharClass::kUnreserved, host)) return false;
  return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

}  // namespace shale::http
