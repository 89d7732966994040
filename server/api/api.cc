#include "server/api/api.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/api/access_log.h"
#include "server/api/errors.h"
#include "server/api/preconditions.h"
#include "server/http/uri.h"

namespace shale::api {
namespace {

constexpr WireError kNoSuchPath{404, "UNSUPPORTED", "there is nothing under this path"};
constexpr WireError kNoAuthentication{
    404, "UNSUPPORTED",
    "nobody can log in here: the operator has to set auth.htpasswd or auth.robots first"};
constexpr WireError kNoTokens{
    404, "UNSUPPORTED", "no tokens are issued here: they come from where the challenge points"};
constexpr WireError kNoSuchMethod{405, "UNSUPPORTED", "the method is not allowed here"};
constexpr WireError kBadPath{
    400, "NAME_INVALID",
    "the path is not UTF-8, or has a control character, a backslash or an escaped slash in it"};
constexpr WireError kBadQuery{400, "UNSUPPORTED",
                              "the query is not UTF-8, or has a control character in it"};

/// A plan that answers at once.
http::Plan answer(http::Response response) {
  return {http::Plan::OnWorker{
      [response = std::move(response)](const http::Request&) { return response; }}};
}

/// A plan that answers from the pool. A body that nobody asked for is left unread,
/// as on the worker.
http::Plan answer_on_pool(std::function<http::Response(const http::Request&)> respond) {
  return {http::Plan::Stream{[respond = std::move(respond)](const http::Request& request) {
    return http::Opened(respond(request));
  }}};
}

bool needs_authentication(Resource resource) {
  switch (resource) {
    case Resource::kToken:
    case Resource::kKeys:
    case Resource::kRevoke:
    case Resource::kTokensRevoke:
    case Resource::kRobots:
    case Resource::kRobot:
    case Resource::kRobotSecret:
      return true;
    default:
      return false;
  }
}

/// Asked most when all else stands still.
bool tells_of_the_server(Resource resource) {
  switch (resource) {
    case Resource::kReady:
    case Resource::kMetrics:
    case Resource::kStatus:
    case Resource::kReload:
    case Resource::kLogLevel:
      return true;
    default:
      return false;
  }
}

/// What an address for looking after the server has, and nothing else.
bool is_for_probes(Resource resource) {
  return resource == Resource::kLive || resource == Resource::kReady ||
         resource == Resource::kStarted || resource == Resource::kMetrics;
}

/// Whether a route changes what is stored, be it only which upload is open.
bool changes_content(const Route& route) {
  const bool reads = route.method == http::Method::kGet || route.method == http::Method::kHead;
  return !reads &&
         (route.need == Need::kPush || route.need == Need::kDelete ||
          route.resource == Resource::kCollectionRun || route.resource == Resource::kRetentionRun);
}

/// What is safe in a header field, in a log and in a shell, and not too long for any.
bool is_request_id(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  constexpr std::string_view kOthers = "-_.:/+=@";
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_about_own_tokens(Resource resource) {
  return resource == Resource::kToken || resource == Resource::kKeys ||
         resource == Resource::kRevoke;
}

bool takes_manifest(const http::Request& request) {
  const auto path = http::decode_path(request.path);
  const auto target = path ? parse_target(*path) : std::nullopt;
  return request.method == http::Method::kPut && target && target->resource == Resource::kManifest;
}

}  // namespace

Api::Api(registry::Registry& registry, log::Logger& logger, Settings settings, Around around)
    : registry_(registry), logger_(logger), settings_(std::move(settings)), around_(around) {}

void Api::replace_settings(Settings settings) {
  settings_.replace(std::move(settings));
}

std::string Api::given_id(const http::Request& request) {
  const auto given = request.headers.find("X-Request-Id");
  if (!given || !is_request_id(*given)) return {};
  return http::is_trusted(request.peer, settings_.get()->front.trusted_proxies)
             ? std::string(*given)
             : std::string();
}

std::optional<http::Response> Api::refuse_route(const Target& target, const http::Request& request,
                                                const Route* route) const {
  if (request.peer.metrics && !is_for_probes(target.resource)) return error_response(kNoSuchPath);
  if (around_.operations == nullptr && tells_of_the_server(target.resource)) {
    return error_response(kNoSuchPath);
  }
  if (around_.guard == nullptr && needs_authentication(target.resource)) {
    return error_response(kNoAuthentication);
  }
  if (around_.guard != nullptr && !around_.guard->issues_tokens() &&
      is_about_own_tokens(target.resource)) {
    return error_response(kNoTokens);
  }
  if (route == nullptr) {
    http::Response refused = error_response(kNoSuchMethod);
    refused.headers.add("Allow", allowed_methods(target.resource, request.method));
    return refused;
  }
  return refuse_change(*route);
}

std::optional<http::Response> Api::refuse_change(const Route& route) const {
  if (!changes_content(route)) return std::nullopt;
  const auto writable = registry_.demand_writable();
  if (writable) return std::nullopt;
  return error_response(writable.error());
}

http::Plan Api::plan(const http::Request& request) {
  const auto path = http::decode_path(request.path);
  auto query = http::Query::parse(request.query);
  if (!path) return answer(error_response(kBadPath));
  if (!query) return answer(error_response(kBadQuery));
  auto target = parse_target(*path);
  if (!target) return answer(error_response(kNoSuchPath));
  const Route* route = find_route(request.method, target->resource);
  if (auto refused = refuse_route(*target, request, route)) return answer(*std::move(refused));

  const auto routed = std::make_shared<Routed>(
      Routed{route, settings_.get(), std::move(*target), std::move(*query), nullptr, {}, {}});
  http::Plan plan = plan_routed(routed, request);
  plan.context = routed;
  return plan;
}

http::Plan Api::plan_routed(const RoutedPtr& routed, const http::Request& request) {
  // Who can connect there at all is the operator's business.
  if (around_.guard == nullptr || request.peer.metrics) return plan_known(routed, request);
  // What is for everybody to read is so whoever it is: no password is computed on.
  if (routed->route->need == Need::kNothing && request.method != http::Method::kPost) {
    return plan_known(routed, request);
  }
  auto recalled = around_.guard->recall(request);
  if (auto* refused = std::get_if<http::Response>(&recalled)) return answer(std::move(*refused));
  if (auto* caller = std::get_if<CallerPtr>(&recalled)) {
    auto refused = admit(*routed, std::move(*caller), request);
    return refused ? answer(*std::move(refused)) : plan_known(routed, request);
  }
  routed->pass = std::move(std::get<Guard::Unverified>(recalled).pass);
  return plan_unverified(routed);
}

/// What tells of the server goes aside, so that nothing else holds it up. That is for who is
/// known: passwords are computed on, and whoever guesses at them waits with all the others.
http::Plan Api::plan_known(const RoutedPtr& routed, const http::Request& request) {
  http::Plan plan = plan_route(routed, request);
  plan.aside = tells_of_the_server(routed->route->resource);
  return plan;
}

http::Plan Api::plan_route(const RoutedPtr& routed, const http::Request& request) {
  const Route* route = routed->route;
  if (const auto* read = std::get_if<PointRead>(&route->how)) {
    auto respond = [this, routed, handler = read->handle](const http::Request& r) {
      return handle(handler, *routed, r);
    };
    // Where a tag was once is no point read: it may have moved a thousand times since.
    if (request.headers.find(kAsOf)) return answer_on_pool(std::move(respond));
    return {http::Plan::OnWorker{std::move(respond)}};
  }
  if (const auto* listing = std::get_if<Listing>(&route->how)) {
    return list(listing->handle, routed, request);
  }
  if (const auto* blocking = std::get_if<Blocking>(&route->how)) {
    auto respond = [this, routed, handler = blocking->handle](const http::Request& r) {
      return handle(handler, *routed, r);
    };
    if (blocking->body == Blocking::Body::kNone) return answer_on_pool(std::move(respond));
    return {http::Plan::OnPool{std::move(respond), body_limit(*blocking)}};
  }
  return {http::Plan::Stream{[this, routed](const http::Request& r) {
    return open(std::get<Upload>(routed->route->how).open, *routed, r);
  }}};
}

http::Plan Api::plan_unverified(const RoutedPtr& routed) {
  const auto admit = [this, routed](const http::Request& r) { return verify(*routed, r); };
  if (const auto* upload = std::get_if<Upload>(&routed->route->how)) {
    return {
        http::Plan::Stream{[this, routed, admit, opener = upload->open](const http::Request& r) {
          auto refused = admit(r);
          return refused ? http::Opened(*std::move(refused)) : open(opener, *routed, r);
        }}};
  }
  if (const auto* listing = std::get_if<Listing>(&routed->route->how)) {
    return answer_on_pool([this, routed, admit, handler = listing->handle](const http::Request& r) {
      auto refused = admit(r);
      return refused ? *std::move(refused) : list_now(handler, *routed, r);
    });
  }
  const auto* read = std::get_if<PointRead>(&routed->route->how);
  const auto* blocking = std::get_if<Blocking>(&routed->route->how);
  const Handler handler = read != nullptr ? read->handle : blocking->handle;
  auto respond = [this, routed, handler](const http::Request& r) {
    return handle(handler, *routed, r);
  };
  if (blocking != nullptr && blocking->body != Blocking::Body::kNone) {
    return {http::Plan::OnPool{std::move(respond), body_limit(*blocking), admit}};
  }
  return answer_on_pool([admit, respond](const http::Request& r) {
    auto refused = admit(r);
    return refused ? *std::move(refused) : respond(r);
  });
}

std::optional<http::Response> Api::admit(Routed& routed, CallerPtr caller,
                                         const http::Request& request) const {
  routed.user = caller->identity->name;
  routed.caller = std::move(caller);
  return around_.guard->refuse(*routed.caller, routed.route->need, request, routed.target,
                               routed.query);
}

std::size_t Api::body_limit(const Blocking& how) const {
  constexpr std::size_t kSmall = std::size_t{64} << 10;
  return how.body == Blocking::Body::kSmall ? kSmall : settings_.get()->manifest_bytes;
}

std::optional<http::Response> Api::verify(Routed& routed, const http::Request& request) const {
  auto verified = around_.guard->verify(request);
  routed.pass.reset();
  if (auto* refused = std::get_if<http::Response>(&verified)) return std::move(*refused);
  return admit(routed, std::get<CallerPtr>(std::move(verified)), request);
}

http::Plan Api::list(Handler handler, RoutedPtr routed, const http::Request& request) {
  // Of one repository, all who may pull it see the same; of the catalog, not.
  const bool kept_for_all = routed->caller == nullptr || routed->route->need != Need::kCatalog;
  if (kept_for_all) {
    const std::string asked = request.path + '?' + request.query;
    if (auto kept = lists_.find(asked, registry_.sequence())) {
      return {
          http::Plan::OnWorker{[kept = std::move(kept)](const http::Request&) { return *kept; }}};
    }
  }
  return answer_on_pool([this, handler, routed = std::move(routed)](const http::Request& r) {
    return list_now(handler, *routed, r);
  });
}

http::Response Api::list_now(Handler handler, const Routed& routed, const http::Request& request) {
  if (routed.caller != nullptr && routed.route->need == Need::kCatalog) {
    const auto turn = registry::Turnstile::Turn::without_waiting(catalog_makers_);
    return turn ? handle(handler, routed, request) : refuse(request, http::Refusal::kOverloaded);
  }
  const registry::Turnstile::Turn turn(list_makers_);
  const index::Sequence as_of = registry_.sequence();
  http::Response response = handle(handler, routed, request);
  if (response.status == 200) lists_.keep(request.path + '?' + request.query, as_of, response);
  return response;
}

Call Api::call(const Routed& routed, const http::Request& request) const {
  return {request,          routed.target,       routed.query,  registry_,
          *routed.settings, routed.caller.get(), around_.guard, around_.operations};
}

http::Response Api::handle(Handler handler, const Routed& routed,
                           const http::Request& request) const {
  if (auto refused = refuse_change(*routed.route)) return std::move(*refused);
  const Call call = this->call(routed, request);
  auto response = handler(call);
  if (response) return std::move(*response);
  http::Response refused = error_response(response.error());
  if (refused.status == 405) {
    refused.headers.add("Allow", allowed_methods(call.target.resource, call.request.method));
  }
  return refused;
}

http::Opened Api::open(Opener opener, const Routed& routed, const http::Request& request) const {
  if (auto refused = refuse_change(*routed.route)) return std::move(*refused);
  auto opened = opener(call(routed, request));
  return opened ? std::move(*opened) : http::Opened(error_response(opened.error()));
}

http::Response Api::refuse(const http::Request& request, http::Refusal refusal) {
  // The same words as from the registry, whose limit it is.
  if (refusal == http::Refusal::kBodyTooLarge && takes_manifest(request)) {
    const std::string limit = std::to_string(settings_.get()->manifest_bytes);
    return error_response(Error{Errc::kManifestTooLarge,
                                "the manifest has more than " + limit + " bytes",
                                {"at most " + limit + " bytes are taken"}});
  }
  const WireError error = wire_error(refusal);
  http::Response response = error_response(error);
  response.log_message = error.text;
  return response;
}

void Api::dress(const http::Request& request, http::Response& response) {
  response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  response.headers.set("X-Request-Id", request.id);
}

void Api::finished(const http::Exchange& exchange) {
  const auto* routed = static_cast<const Routed*>(exchange.context);
  if (around_.metrics != nullptr) {
    around_.metrics->finished(exchange, routed != nullptr ? routed->route : nullptr,
                              routed != nullptr ? std::string_view(routed->target.name) : "");
  }
  const bool known = routed != nullptr && exchange.settled;
  log_request(logger_, *settings_.get(), exchange, known ? std::string_view(routed->user) : "");
}

}  // namespace shale::api
