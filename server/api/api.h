#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/api/call.h"
#include "server/api/guard.h"
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
  /// `guard`: null where everybody may do everything.
  Api(registry::Registry& registry, log::Logger& logger, Settings settings,
      const Guard* guard = nullptr);

  http::Plan plan(const http::Request& request) override;
  http::Response refuse(const http::Request& request, http::Refusal refusal) override;
  void dress(const http::Request& request, http::Response& response) override;
  void finished(const http::Exchange& exchange) override;

 private:
  /// What a handler needs beyond the request, kept alive by its plan. Whoever verifies
  /// the caller, on the pool and before the handler, fills in the last two.
  struct Routed {
    const Route* route;
    Target target;
    http::Query query;
    CallerPtr caller;
    std::string user;            ///< for the log
    auth::TokenGate::Pass pass;  ///< until the caller is verified
  };
  using RoutedPtr = std::shared_ptr<Routed>;

  Call call(const Routed& routed, const http::Request& request) const;
  http::Response handle(Handler handler, const Call& call) const;
  http::Opened open(Opener opener, const Call& call) const;
  /// The plan for a caller who is known and may do it, or where nobody asks.
  http::Plan plan_known(const RoutedPtr& routed, const http::Request& request);
  /// The plan for a caller who has to be verified first.
  http::Plan plan_unverified(const RoutedPtr& routed);
  http::Plan list(Handler handler, RoutedPtr routed, const http::Request& request);
  http::Response list_now(Handler handler, const Routed& routed, const http::Request& request);

  /// Lets the caller in, or says why not.
  std::optional<http::Response> admit(Routed& routed, CallerPtr caller,
                                      const http::Request& request) const;
  std::size_t body_limit(const Blocking& how) const noexcept;
  std::optional<http::Response> verify(Routed& routed, const http::Request& request) const;

  registry::Registry& registry_;
  log::Logger& logger_;
  const Settings settings_;
  const Guard* const guard_;
  ListCache lists_;
  registry::Turnstile list_makers_{4};  ///< a page may take some MiB while it is made
  /// Those that look for what one caller may see: it takes long where that is little, so
  /// nobody waits here, or a few such callers would hold all threads of the pool.
  registry::Turnstile catalog_makers_{4};
};

}  // namespace shale::api
