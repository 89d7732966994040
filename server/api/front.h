#pragma once

#include <string>

#include "server/http/forwarded.h"

namespace shale::api {

/// How clients come to this server when not by themselves.
struct Front {
  std::string external_url;  ///< `https://host[:port]`, or empty
  http::TrustedProxies trusted_proxies;
};

}  // namespace shale::api
