#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "server/api/handlers.h"
#include "server/api/target.h"
#include "server/http/message.h"

namespace shale::api {

/// What a caller must be allowed for a route, where there is authentication.
enum class Need : std::uint8_t {
  kNothing,  ///< for everybody
  kToken,    ///< nothing but a password, or nobody's name
  kLogin,    ///< only to be somebody
  kCatalog,  ///< to list repositories: whatever they may pull
  kPull,
  kPush,
  kDelete,
  kAdmin,    ///< to administer something; the handler asks for what
  kMetrics,  ///< to read the metrics
};

using Handler = Result<http::Response> (*)(const Call&);
using Opener = Result<http::Opened> (*)(const Call&);

struct PointRead {
  Handler handle;
};
/// Scans, and answers the same until the next commit, whoever asks.
struct Listing {
  Handler handle;
};
struct Blocking {
  Handler handle;
  enum class Body : std::uint8_t { kNone, kManifest, kSmall } body = Body::kNone;
};
struct Upload {
  Opener open;
};

/// One thing that the registry answers: how it is asked for, and where it runs.
struct Route {
  http::Method method;
  Resource resource;
  std::string_view pattern;  ///< as in the OpenAPI contract
  Need need;
  std::variant<PointRead, Listing, Blocking, Upload> how;
};

std::span<const Route> routes() noexcept;

/// None when the resource does not have that method.
const Route* find_route(http::Method method, Resource resource) noexcept;
/// The methods of a resource but the one that was refused, for an `Allow` field.
std::string allowed_methods(Resource resource, http::Method refused);

}  // namespace shale::api
