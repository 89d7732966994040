#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/net/unique_fd.h"

namespace shale::net {

/// A socket that listens, and what it is bound to (the real port where 0 was asked for).
struct Listening {
  UniqueFd socket;
  std::string address;    ///< as it was asked for, with real host and port
  std::string unix_path;  ///< to be removed at the end; empty for TCP
  bool tls = false;
  bool control = false;
  bool metrics = false;
};

/// Binds one configured address, which may stand for several sockets (a host
/// name with an IPv4 and an IPv6 address). Throws `std::runtime_error` that says
/// which address failed, why, and what to do: called at start only.
std::vector<Listening> listen_on(std::string_view address);

/// Binds a unix socket that only the owner of this process, and root, can connect to.
/// Throws as above.
Listening listen_for_operator(const std::string& path);

}  // namespace shale::net
