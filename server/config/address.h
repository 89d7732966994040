#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/config/parsed.h"

namespace shale::config {

/// Where to listen: a TCP port, or a unix socket when `path` is not empty.
struct ListenAddress {
  std::string host;        ///< IP literal without brackets, or a name; empty: every interface
  std::uint16_t port = 0;  ///< 0: any free one
  std::string path;        ///< of the unix socket
  bool tls = false;        ///< speaks TLS; never a unix socket

  bool unix_socket() const noexcept { return !path.empty(); }

  /// Whether only programs on this machine can connect. Of the names only
  /// `localhost` is, because others may resolve to anything.
  bool local() const;

  /// The form that `parse_listen_address` takes: `https://[::1]:5000`, `:5000`, `unix:/path`.
  std::string str() const;

  bool operator==(const ListenAddress&) const = default;
};

/// Takes `host:port`, `[v6]:port`, `:port`, each with `https://` before it for TLS, and
/// `unix:/path`.
Parsed<ListenAddress> parse_listen_address(std::string_view text);

/// An IP network, or one address. Validated; `server/http` matches peers against it.
class Network {
 public:
  /// Takes an address, or one with a prefix length: `10.0.0.0/8`, `fd00::/8`.
  static Parsed<Network> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }

  bool operator==(const Network&) const = default;

 private:
  explicit Network(std::string_view text) : text_(text) {}

  std::string text_;
};

}  // namespace shale::config
