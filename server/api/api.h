#pragma once

#include <memory>

#include "server/api/call.h"
#include "server/api/list_cache.h"
#include "server/api/routes.h"
#include "server/http/application.h"
#include "server/log/logger.h"
#include "server/registry/registry.h"
#include "server/registry/turnstile.h"

namespace shale::api {

/// The registry as an HTTP application: finds the route, calls the handler, turns
/// errors into answers and writes the access log. Borrows all it is given.
/// Thread-safe.
class Api final : public http::Application {
 public:
  Api(registry::Registry& registry, log::Logger& logger, Settings settings);

  http::Plan plan(const http::Request& request) override;
  http::Response refuse(const http::Request& request, http::Refusal refusal) override;
  void dress(const http::Request& request, http::Response& response) override;
  void finished(const http::Exchange& exchange) override;

 private:
  /// What a handler needs beyond the request, kept alive by its plan.
  struct Routed {
    const Route* route;
    Target target;
    http::Query query;
  };

  Call call(const Routed& routed, const http::Request& request) const;
  http::Response handle(Handler handler, const Call& call) const;
  http::Opened open(Opener opener, const Call& call) const;
  http::Plan list(Handler handler, std::shared_ptr<const Routed> routed,
                  const http::Request& request);

  registry::Registry& registry_;
  log::Logger& logger_;
  const Settings settings_;
  ListCache lists_;
  registry::Turnstile list_makers_{4};  ///< a page may take some MiB while it is made
};

}  // namespace shale::api
