#include "server/api/api.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/api/errors.h"
#include "server/api/logged_query.h"
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

bool is_about_own_tokens(Resource resource) {
  return resource == Resource::kToken || resource == Resource::kKeys ||
         resource == Resource::kRevoke;
}

/// Not 501 and 505, which say that the client asked for what HTTP here does not have.
bool is_fault_of_ours(int status) {
  return status == 500 || status == 503 || status == 507;
}

bool takes_manifest(const http::Request& request) {
  const auto path = http::decode_path(request.path);
  const auto target = path ? parse_target(*path) : std::nullopt;
  return request.method == http::Method::kPut && target && target->resource == Resource::kManifest;
}

}  // namespace

Api::Api(registry::Registry& registry, log::Logger& logger, Settings settings, const Guard* guard)
    : registry_(registry), logger_(logger), settings_(std::move(settings)), guard_(guard) {}

http::Plan Api::plan(const http::Request& request) {
  const auto path = http::decode_path(request.path);
  auto query = http::Query::parse(request.query);
  if (!path) return answer(error_response(kBadPath));
  if (!query) return answer(error_response(kBadQuery));
  auto target = parse_target(*path);
  if (!target) return answer(error_response(kNoSuchPath));
  if (guard_ == nullptr && needs_authentication(target->resource)) {
    return answer(error_response(kNoAuthentication));
  }
  if (guard_ != nullptr && !guard_->issues_tokens() && is_about_own_tokens(target->resource)) {
    return answer(error_response(kNoTokens));
  }
  const Route* route = find_route(request.method, target->resource);
  if (route == nullptr) {
    http::Response refused = error_response(kNoSuchMethod);
    refused.headers.add("Allow", allowed_methods(target->resource, request.method));
    return answer(std::move(refused));
  }

  const auto routed = std::make_shared<Routed>(
      Routed{route, std::move(*target), std::move(*query), nullptr, {}, {}});
  if (guard_ == nullptr) return plan_known(routed, request);

  auto recalled = guard_->recall(request);
  http::Plan plan;
  if (auto* refused = std::get_if<http::Response>(&recalled)) return answer(std::move(*refused));
  if (auto* caller = std::get_if<CallerPtr>(&recalled)) {
    auto refused = admit(*routed, std::move(*caller), request);
    plan = refused ? answer(*std::move(refused)) : plan_known(routed, request);
  } else {
    routed->pass = std::move(std::get<Guard::Unverified>(recalled).pass);
    plan = plan_unverified(routed);
  }
  plan.user = std::shared_ptr<const std::string>(routed, &routed->user);
  return plan;
}

http::Plan Api::plan_known(const RoutedPtr& routed, const http::Request& request) {
  const Route* route = routed->route;
  if (const auto* read = std::get_if<PointRead>(&route->how)) {
    auto respond = [this, routed, handler = read->handle](const http::Request& r) {
      return handle(handler, call(*routed, r));
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
      return handle(handler, call(*routed, r));
    };
    if (blocking->body == Blocking::Body::kNone) return answer_on_pool(std::move(respond));
    return {http::Plan::OnPool{std::move(respond), body_limit(*blocking)}};
  }
  return {http::Plan::Stream{[this, routed](const http::Request& r) {
    return open(std::get<Upload>(routed->route->how).open, call(*routed, r));
  }}};
}

http::Plan Api::plan_unverified(const RoutedPtr& routed) {
  const auto admit = [this, routed](const http::Request& r) { return verify(*routed, r); };
  if (const auto* upload = std::get_if<Upload>(&routed->route->how)) {
    return {
        http::Plan::Stream{[this, routed, admit, opener = upload->open](const http::Request& r) {
          auto refused = admit(r);
          return refused ? http::Opened(*std::move(refused)) : open(opener, call(*routed, r));
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
    return handle(handler, call(*routed, r));
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
  return guard_->refuse(*routed.caller, routed.route->need, request, routed.target, routed.query);
}

std::size_t Api::body_limit(const Blocking& how) const noexcept {
  constexpr std::size_t kSmall = std::size_t{64} << 10;
  return how.body == Blocking::Body::kSmall ? kSmall : settings_.manifest_bytes;
}

std::optional<http::Response> Api::verify(Routed& routed, const http::Request& request) const {
  auto verified = guard_->verify(request);
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
    return turn ? handle(handler, call(routed, request))
                : refuse(request, http::Refusal::kOverloaded);
  }
  const registry::Turnstile::Turn turn(list_makers_);
  const index::Sequence as_of = registry_.sequence();
  http::Response response = handle(handler, call(routed, request));
  if (response.status == 200) lists_.keep(request.path + '?' + request.query, as_of, response);
  return response;
}

Call Api::call(const Routed& routed, const http::Request& request) const {
  return {request, routed.target, routed.query, registry_, settings_, routed.caller.get(), guard_};
}

http::Response Api::handle(Handler handler, const Call& call) const {
  auto response = handler(call);
  if (response) return std::move(*response);
  http::Response refused = error_response(response.error());
  if (refused.status == 405) {
    refused.headers.add("Allow", allowed_methods(call.target.resource, call.request.method));
  }
  return refused;
}

http::Opened Api::open(Opener opener, const Call& call) const {
  auto opened = opener(call);
  return opened ? std::move(*opened) : http::Opened(error_response(opened.error()));
}

http::Response Api::refuse(const http::Request& request, http::Refusal refusal) {
  // The same words as from the registry, whose limit it is.
  if (refusal == http::Refusal::kBodyTooLarge && takes_manifest(request)) {
    const std::string limit = std::to_string(settings_.manifest_bytes);
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
  const bool failed = is_fault_of_ours(exchange.status);
  if (!settings_.access_log && !failed) return;
  const log::Level level = failed ? log::Level::kError : log::Level::kInfo;
  if (!logger_.enabled(level)) return;

  const http::Request& request = exchange.request;
  const http::ClientView client = http::client_view(request, settings_.trusted_proxies);
  std::vector<log::Field> fields = {
      {"request_id", request.id},
      {"client", client.address},
      {"method", request.method_text},
      {"path", request.path},
      {"status", exchange.status},
      {"bytes_in", exchange.bytes_in},
      {"bytes_out", exchange.bytes_out},
      {"ms", std::chrono::duration<double, std::milli>(exchange.duration).count()},
  };
  if (!exchange.user.empty()) fields.emplace_back("user", exchange.user);
  const std::string query = logged_query(request.query);
  if (!query.empty()) fields.emplace_back("query", std::string_view(query));
  if (const auto agent = request.headers.find("User-Agent")) fields.emplace_back("agent", *agent);
  if (!exchange.complete) fields.emplace_back("cut_off", true);
  if (!exchange.log_message.empty()) fields.emplace_back("cause", exchange.log_message);
  logger_.log(level, "request", fields);
}

}  // namespace shale::api
