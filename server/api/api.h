#pragma once

#include <memory>
#include <optional>
#include <string>

#include "blobstore/current.h"
#include "server/api/call.h"
#include "server/api/guard.h"
#include "server/api/list_cache.h"
#include "server/api/operations.h"
#include "server/api/request_metrics.h"
#include "server/api/routes.h"
#include "server/http/application.h"
#include "server/log/logger.h"
#include "server/registry/registry.h"
#include "server/registry/turnstile.h"

namespace shale::api {

/// What there may be around the registry; borrowed.
struct Around {
  const Guard* guard = nullptr;       ///< null: everybody may do everything
  Operations* operations = nullptr;   ///< null: what is about the server is not there
  RequestMetrics* metrics = nullptr;  ///< null: nobody counts
};

/// The registry as an HTTP application: finds the route, calls the handler, turns
/// errors into answers and writes the access log. Borrows all it is given.
/// Thread-safe.
class Api final : public http::Application {
 public:
  Api(registry::Registry& registry, log::Logger& logger, Settings settings, Around around = {});

  /// For requests that come from now on.
  void replace_settings(Settings settings);

  std::string given_id(const http::Request& request) override;
  http::Plan plan(const http::Request& request) override;
  http::Response refuse(const http::Request& request, http::Refusal refusal) override;
  void dress(const http::Request& request, http::Response& response) override;
  void finished(const http::Exchange& exchange) override;

 private:
  /// What a handler needs beyond the request, kept alive by its plan. Whoever verifies
  /// the caller, on the pool and before the handler, fills in the last two.
  struct Routed {
    const Route* route;
    std::shared_ptr<const Settings> settings;
    Target target;
    http::Query query;
    CallerPtr caller;
    std::string user;            ///< for the log
    auth::TokenGate::Pass pass;  ///< until the caller is verified
  };
  using RoutedPtr = std::shared_ptr<Routed>;

  /// What stands against the request before anybody asks who it is from.
  std::optional<http::Response> refuse_route(const Target& target, const http::Request& request,
                                             const Route* route) const;
  Call call(const Routed& routed, const http::Request& request) const;
  /// What stands against a change now. Asked again when the request has its turn, which may
  /// be long after its head came.
  std::optional<http::Response> refuse_change(const Route& route) const;
  http::Response handle(Handler handler, const Routed& routed, const http::Request& request) const;
  http::Opened open(Opener opener, const Routed& routed, const http::Request& request) const;
  http::Plan plan_routed(const RoutedPtr& routed, const http::Request& request);
  /// The plan for a caller who is known and may do it, or where nobody asks.
  http::Plan plan_known(const RoutedPtr& routed, const http::Request& request);
  http::Plan plan_route(const RoutedPtr& routed, const http::Request& request);
  /// The plan for a caller who has to be verified first.
  http::Plan plan_unverified(const RoutedPtr& routed);
  http::Plan list(Handler handler, RoutedPtr routed, const http::Request& request);
  http::Response list_now(Handler handler, const Routed& routed, const http::Request& request);

  /// Lets the caller in, or says why not.
  std::optional<http::Response> admit(Routed& routed, CallerPtr caller,
                                      const http::Request& request) const;
  std::size_t body_limit(const Blocking& how) const;
  std::optional<http::Response> verify(Routed& routed, const http::Request& request) const;

  registry::Registry& registry_;
  log::Logger& logger_;
  Current<Settings> settings_;
  const Around around_;
  ListCache lists_;
  registry::Turnstile list_makers_{4};  ///< a page may take some MiB while it is made
  /// Those that look for what one caller may see: it takes long where that is little, so
  /// nobody waits here, or a few such callers would hold all threads of the pool.
  registry::Turnstile catalog_makers_{4};
};

}  // namespace shale::api
