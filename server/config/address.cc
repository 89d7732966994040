#include "server/config/address.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "server/config/path.h"
#include "server/config/text.h"

namespace shale::config {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kTlsPrefix = "https://";
constexpr std::string_view kAddressForms =
    "write host:port, [IPv6]:port, :port or unix:/path, with https:// before a host or port for "
    "TLS";
constexpr unsigned kBits4 = 32;
constexpr unsigned kBits6 = 128;

/// An IP literal in its IPv6 form, and whether it was written as IPv4.
struct Literal {
  Bytes bytes{};
  bool v4 = false;
};

std::optional<Literal> parse_literal(std::string_view text) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  Literal literal;
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) {
    literal.v4 = true;
    literal.bytes[10] = literal.bytes[11] = 0xff;
    std::memcpy(literal.bytes.data() + 12, &v4, sizeof v4);
    return literal;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), literal.bytes.data()) == 1) return literal;
  return std::nullopt;
}

bool host_name(std::string_view text) {
  constexpr std::size_t kLongest = 253;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  // What is made of digits and dots only was meant as an address, and is none.
  return text.size() <= kLongest && std::ranges::all_of(text, allowed) &&
         text.find_first_not_of("0123456789.") != std::string_view::npos;
}

Parsed<ListenAddress> parse_unix(std::string_view path) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (!path.starts_with('/')) {
    return Wrong{"the path of a unix socket must be absolute: write unix:/path"};
  }
  if (path.size() > kLongest) {
    return Wrong{"the path of a unix socket may have " + std::to_string(kLongest) +
                 " bytes, this one has " + std::to_string(path.size())};
  }
  if (const auto fault = fault_of_path(path); !fault.empty()) {
    return Wrong{"the path of a unix socket " + std::string(fault)};
  }
  return ListenAddress{.host = {}, .port = 0, .path = std::string(path)};
}

Parsed<ListenAddress> parse_tls(std::string_view below) {
  if (below.starts_with(kTlsPrefix)) return Wrong{"https:// stands twice before one address"};
  auto parsed = parse_listen_address(below);
  if (auto* address = std::get_if<ListenAddress>(&parsed)) {
    if (address->unix_socket()) return Wrong{"unix sockets speak no TLS: write unix:/path"};
    address->tls = true;
  }
  return parsed;
}

}  // namespace

bool ListenAddress::local() const {
  if (unix_socket() || host == "localhost") return true;
  const auto literal = parse_literal(host);
  if (!literal) return false;
  constexpr Bytes kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr Bytes kLoopback4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0};
  constexpr std::ptrdiff_t kFixed4 = 13;  // all of 127.0.0.0/8, mapped into IPv6
  return literal->bytes == kLoopback6 ||
         std::equal(kLoopback4.begin(), kLoopback4.begin() + kFixed4, literal->bytes.begin());
}

std::string ListenAddress::str() const {
  if (unix_socket()) return std::string(kUnixPrefix) + path;
  const std::string suffix = ':' + std::to_string(port);
  const std::string below =
      host.find(':') == std::string::npos ? host + suffix : '[' + host + ']' + suffix;
  return tls ? std::string(kTlsPrefix) + below : below;
}

Parsed<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix(text.substr(kUnixPrefix.size()));
  if (text.starts_with(kTlsPrefix)) return parse_tls(text.substr(kTlsPrefix.size()));

  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return Wrong{quoted(text) + " is not an address: " + std::string(kAddressForms)};
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);

  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto literal = parse_literal(host);
  const bool v6 = literal && !literal->v4;
  if (v6 && !bracketed) {
    return Wrong{quoted(text) + " is ambiguous: put an IPv6 address into brackets, [" +
                 std::string(host) + "]:" + std::string(port_text)};
  }
  if (bracketed ? !v6 : !(host.empty() || literal || host_name(host))) {
    return Wrong{quoted(text) + " is not an address: " + std::string(kAddressForms)};
  }
  const auto port = parse_number<std::uint16_t>(port_text);
  if (!port) {
    return Wrong{quoted(port_text) + " is not a port: write a number from 0 to " +
                 std::to_string(std::numeric_limits<std::uint16_t>::max())};
  }
  return ListenAddress{.host = std::string(host), .port = *port, .path = {}};
}

Parsed<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto literal = parse_literal(text.substr(0, slash));
  if (!literal) {
    return Wrong{quoted(text) + " is not a network: write an IP address, or a network such as " +
                 "10.0.0.0/8 or fd00::/8"};
  }
  if (slash != std::string_view::npos) {
    const unsigned longest = literal->v4 ? kBits4 : kBits6;
    const auto bits = parse_number<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > longest) {
      return Wrong{quoted(text) + " has a wrong prefix length: write a number from 0 to " +
                   std::to_string(longest)};
    }
  }
  return Network(text);
}

}  // namespace shale::config
