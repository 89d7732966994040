#include "tests/model/exchange.h"

#include <array>
#include <regex>
#include <set>
#include <stdexcept>

#include <openssl/evp.h>

namespace shale::testing::model {
namespace {

/// What was compared, fit to be read by a person.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 400;
  std::string result;
  for (const char c : text.substr(0, kMost))
    result += (c >= ' ' && c <= '~') || c == '\n' ? c : '.';
  if (text.size() > kMost) result += "... (" + std::to_string(text.size()) + " bytes)";
  return result;
}

}  // namespace

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<std::string> Request::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string Request::part_from_end(std::size_t place) const {
  std::string_view rest = path;
  for (; place > 0; --place)
    rest = rest.substr(0, std::min(rest.size(), rest.rfind('/')));
  return std::string(rest.substr(rest.rfind('/') + 1));
}

std::string describe(const Request& request) {
  std::string text = request.method + " " + request.path;
  char separator = '?';
  for (const auto& [key, value] : request.query) {
    text += separator + key + "=" + value;
    separator = '&';
  }
  for (const auto& [key, value] : request.fields)
    text += " [" + key + ": " + value + "]";
  if (request.body.empty() && !request.chunked) return text;
  return text + (request.chunked ? " (chunked, " : " (") + std::to_string(request.body.size()) +
         " bytes: " + shown(request.body) + ")";
}

std::string describe_difference(const Answer& expected, const Answer& got) {
  std::string text;
  const auto compare = [&](const std::string& what, const std::string& left,
                           const std::string& right) {
    if (left == right) return;
    text +=
        "  " + what + "\n    expected: " + shown(left) + "\n    got:      " + shown(right) + "\n";
  };
  compare("status", std::to_string(expected.status), std::to_string(got.status));
  std::set<std::string> names;
  for (const auto* answer : {&expected, &got}) {
    for (const auto& field : answer->fields)
      names.insert(field.first);
  }
  for (const std::string& name : names) {
    const auto value = [&](const Answer& answer) {
      const auto found = answer.fields.find(name);
      return found == answer.fields.end() ? "(none)" : found->second;
    };
    compare(name, value(expected), value(got));
  }
  compare("body", expected.body, got.body);
  return text;
}

std::string digest_of_bytes(std::string_view bytes, const char* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, algorithm, nullptr, bytes.data(), bytes.size(), raw.data(), &size) !=
      1) {
    throw std::runtime_error("no digest by " + std::string(algorithm));
  }
  std::string text = std::string(algorithm) + ":";
  for (std::size_t at = 0; at < size; ++at) {
    text += "0123456789abcdef"[raw.at(at) >> 4U];
    text += "0123456789abcdef"[raw.at(at) & 15U];
  }
  return text;
}

bool is_digest(const std::string& text) {
  static const std::regex grammar("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");
  return std::regex_match(text, grammar);
}

std::string algorithm_of(const std::string& digest) {
  return digest.substr(0, digest.find(':'));
}

}  // namespace shale::testing::model
