#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/ip_network.h"
#include "server/http/message.h"

namespace shale::http {

/// Which fields the proxies write. Say so where it is known: most proxies pass
/// the fields that they do not write on from the client, who may lie in them.
enum class ForwardedFields : std::uint8_t {
  kXForwarded,  ///< X-Forwarded-For, -Proto and -Host
  kForwarded,   ///< Forwarded (RFC 7239)
  kEither,      ///< X-Forwarded-* when one is there (nearly every proxy's choice), else Forwarded
};

/// The peers whose word about the client is taken.
struct TrustedProxies {
  std::vector<IpNetwork> networks;
  bool unix_sockets = true;  ///< only a local proxy can reach one
  ForwardedFields fields = ForwardedFields::kEither;
};

bool is_trusted(const Peer& peer, const TrustedProxies& trusted);

/// How the client sees this server, and who it is, as far as can be known.
struct ClientView {
  std::string scheme;   ///< "http" or "https"
  std::string host;     ///< with the port, safe inside a URI; empty when unknown
  std::string address;  ///< without the port; empty when unknown
};

/// What the request says itself, and, from a trusted peer, what it was told to
/// pass on. The list of addresses is read from its end: what trusted proxies
/// wrote counts, what stands before that does not. A malformed value counts as
/// not sent.
ClientView client_view(const Request& request, const TrustedProxies& trusted);

}  // namespace shale::http
