#include "server/http/forwarded.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "server/http/grammar.h"
#include "server/http/uri.h"

namespace shale::http {
namespace {

/// What one proxy wrote about the request it got. Empty: not said.
struct Hop {
  std::string from;
  std::string scheme;
  std::string host;
};

/// An address with or without port, IPv6 with brackets or, without port, bare.
/// None for `unknown`, obfuscated names and anything malformed.
std::optional<IpAddress> address_of(std::string_view node) {
  if (node.substr(0, 1) == "[") return IpAddress::parse(node.substr(1, node.find(']') - 1));
  if (const auto bare = IpAddress::parse(node)) return bare;
  return IpAddress::parse(node.substr(0, node.find(':')));
}

std::string valid_scheme(std::string_view text) {
  for (const std::string_view scheme : {"http", "https"}) {
    if (equal_ignoring_case(text, scheme)) return std::string(scheme);
  }
  return {};
}

std::string valid_host(std::string_view text) {
  return is_authority(text) ? std::string(text) : std::string();
}

/// Reads `Forwarded` from left to right. After a fault nothing can be trusted to
/// mean what it seems to, so the whole field falls.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Hop>> read() {
    std::vector<Hop> hops;
    do {
      Hop hop;
      do {
        if (!pair(hop)) return std::nullopt;
      } while (take(';'));
      hops.push_back(std::move(hop));
    } while (take(','));
    if (!rest_.empty()) return std::nullopt;
    return hops;
  }

 private:
  bool take(char wanted) {
    rest_ = trim(rest_);
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    rest_ = trim(rest_);
    return true;
  }

  std::string_view token() {
    std::size_t length = 0;
    while (length < rest_.size() && is(CharClass::kToken, rest_[length]))
      ++length;
    const std::string_view token = rest_.substr(0, length);
    rest_.remove_prefix(token.size());
    return token;
  }

  std::optional<std::string> value() {
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() != '"') {
      const std::string_view plain = token();
      if (plain.empty()) return std::nullopt;
      return std::string(plain);
    }
    std::string text;
    bool escaped = false;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == '"' && !escaped) {
        rest_.remove_prefix(at + 1);
        return text;
      }
      escaped = c == '\\' && !escaped;
      if (!escaped) text.push_back(c);
    }
    return std::nullopt;
  }

  /// Each parameter at most once in a hop (RFC 7239, section 4); unknown ones pass.
  bool pair(Hop& hop) {
    const std::string_view name = token();
    if (name.empty() || rest_.empty() || rest_.front() != '=') return false;
    rest_.remove_prefix(1);
    const auto text = value();
    if (!text) return false;
    std::string* member = equal_ignoring_case(name, "for")     ? &hop.from
                          : equal_ignoring_case(name, "proto") ? &hop.scheme
                          : equal_ignoring_case(name, "host")  ? &hop.host
                                                               : nullptr;
    if (member == nullptr) return true;
    if (!member->empty()) return false;
    *member = *text;
    return true;
  }

  std::string_view rest_;
};

/// All lines of a field as the one list that they are.
std::string joined(const Headers& headers, std::string_view name) {
  std::string list;
  for (const std::string_view line : headers.find_all(name)) {
    if (!list.empty()) list.append(", ");
    list.append(line);
  }
  return list;
}

std::vector<std::string> members(std::string_view list) {
  std::vector<std::string> found;
  while (const auto member = next_member(list))
    found.emplace_back(*member);
  return found;
}

/// X-Forwarded-Proto and -Host are one value or one for each hop; where the
/// numbers differ only the last is surely of a trusted hand.
std::string aligned(const std::vector<std::string>& values, std::size_t hop, std::size_t hops) {
  if (values.empty()) return {};
  return values.size() == hops ? values[hop] : values.back();
}

std::vector<Hop> x_forwarded_hops(const Headers& headers) {
  const auto addresses = members(joined(headers, "X-Forwarded-For"));
  const auto schemes = members(joined(headers, "X-Forwarded-Proto"));
  const auto hosts = members(joined(headers, "X-Forwarded-Host"));
  const std::size_t count =
      addresses.empty() && schemes.size() + hosts.size() > 0 ? 1 : addresses.size();
  std::vector<Hop> hops(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!addresses.empty()) hops[i].from = addresses[i];
    hops[i].scheme = aligned(schemes, i, count);
    hops[i].host = aligned(hosts, i, count);
  }
  return hops;
}

std::vector<Hop> hops_of(const Headers& headers, ForwardedFields fields) {
  if (fields != ForwardedFields::kForwarded) {
    auto hops = x_forwarded_hops(headers);
    if (!hops.empty() || fields == ForwardedFields::kXForwarded) return hops;
  }
  const std::string list = joined(headers, "Forwarded");
  if (list.empty()) return {};
  return ForwardedReader(list).read().value_or(std::vector<Hop>());
}

bool is_trusted(const IpAddress& address, const TrustedProxies& trusted) {
  return std::ranges::any_of(trusted.networks,
                             [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

bool is_trusted(const Peer& peer, const TrustedProxies& trusted) {
  if (peer.unix_socket) return trusted.unix_sockets;
  if (trusted.networks.empty()) return false;
  const auto address = IpAddress::parse(peer.address);
  return address && is_trusted(*address, trusted);
}

ClientView client_view(const Request& request, const TrustedProxies& trusted) {
  const Peer& peer = request.peer;
  ClientView view{.scheme = peer.tls ? "https" : "http",
                  .host = valid_host(request.headers.find("Host").value_or("")),
                  .address = peer.address};
  bool believed = is_trusted(peer, trusted);
  if (!believed) return view;

  // From the nearest proxy outwards, as long as a trusted one wrote: the farther
  // it stands, the nearer to the client it saw the request.
  const auto hops = hops_of(request.headers, trusted.fields);
  for (auto hop = hops.rbegin(); believed && hop != hops.rend(); ++hop) {
    if (auto scheme = valid_scheme(hop->scheme); !scheme.empty()) view.scheme = std::move(scheme);
    if (auto host = valid_host(hop->host); !host.empty()) view.host = std::move(host);
    const auto from = address_of(hop->from);
    if (from) view.address = from->str();
    believed = from && is_trusted(*from, trusted);
  }
  return view;
}

}  // namespace shale::http
