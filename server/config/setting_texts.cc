#include "server/config/setting_texts.h"

#include <cctype>
#include <optional>
#include <variant>

#include "server/config/address.h"
#include "server/config/path.h"
#include "server/config/text.h"

namespace shale::config {

namespace {

Parsed<std::string> parse_path_to(std::string_view what, std::string_view text) {
  if (text.empty()) return Wrong{"the path is empty: write a " + std::string(what)};
  if (const auto fault = fault_of_path(text); !fault.empty()) {
    return Wrong{"the path " + std::string(fault)};
  }
  return std::string(text);
}

/// What follows `http://` or `https://`; none when neither is in front.
std::optional<std::string_view> without_scheme(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

Parsed<std::string> parse_path(std::string_view text) {
  return parse_path_to("directory", text);
}

Parsed<std::string> parse_file(std::string_view text) {
  return parse_path_to("file", text);
}

Parsed<std::string> parse_optional_path(std::string_view text) {
  if (text.empty()) return std::string();
  return parse_path(text);
}

Parsed<std::string> parse_external_url(std::string_view text) {
  if (text.empty()) return std::string();
  Wrong wrong{quoted(text) + " is not an origin: write http:// or https://, a host and, if " +
              "need be, a port, such as https://registry.example.com"};
  const auto below = without_scheme(text);
  if (!below) return wrong;
  std::string_view rest = *below;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // With a port to stand in for one that is left out, it has the form of a listen address.
  const bool port_missing = rest.ends_with(']') || rest.find(':') == std::string_view::npos;
  const auto address = parse_listen_address(std::string(rest) + (port_missing ? ":443" : ""));
  const auto* parsed = std::get_if<ListenAddress>(&address);
  if (parsed == nullptr || parsed->unix_socket() || parsed->tls || parsed->host.empty() ||
      parsed->port == 0) {
    return wrong;
  }
  return std::string(text.substr(0, text.ends_with('/') ? text.size() - 1 : text.size()));
}

Parsed<std::string> parse_reader(std::string_view text) {
  if (text.empty()) return Wrong{"the name is empty: write that of a user, or robot:NAME"};
  return std::string(text);
}

Parsed<std::string> parse_insecure(std::string_view text) {
  if (text.empty() || text == "anonymous-everything") return std::string(text);
  return Wrong{quoted(text) + " is not known here: leave it empty, or write anonymous-everything"};
}

Parsed<std::string> parse_realm(std::string_view text) {
  std::string lower;
  for (const char c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') {
      return Wrong{quoted(text) + " has a character that a realm may not have: write letters, " +
                   "digits and blanks"};
    }
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (text.empty() || lower.find("basic") != std::string::npos ||
      lower.find("bearer") != std::string::npos) {
    return Wrong{quoted(text) +
                 " cannot be the realm: write a name without basic and bearer in it"};
  }
  return std::string(text);
}

Parsed<std::string> parse_service(std::string_view text) {
  if (text.empty()) return std::string();
  return parse_realm(text);
}

Parsed<std::string> parse_issuer(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) {
      return Wrong{quoted(text) + " has a control character: no issuer is called so"};
    }
  }
  return std::string(text);
}

Parsed<std::string> parse_token_realm(std::string_view text) {
  if (text.empty()) return std::string();
  Wrong wrong{quoted(text) + " is not where tokens can be got: write http:// or https://, a " +
              "host and a path, such as https://auth.example.com/token"};
  const auto rest = without_scheme(text);
  if (!rest || rest->empty() || rest->front() == '/') return wrong;
  for (const char c : *rest) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '#') return wrong;
  }
  return std::string(text);
}

}  // namespace shale::config
