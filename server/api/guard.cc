#include "server/api/guard.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "server/api/credentials.h"
#include "server/api/errors.h"
#include "server/http/forwarded.h"
#include "server/index/names.h"

namespace shale::api {
namespace {

constexpr WireError kUnauthorized{401, "UNAUTHORIZED", "this needs a login, and a valid one"};
constexpr WireError kLacking{
    401, "UNAUTHORIZED",
    "this login may not do that here, or its token was asked for something else"};
constexpr WireError kDenied{403, "DENIED", "you may not do this here: ask the registry's operator"};
constexpr WireError kTooMany{429, "TOOMANYREQUESTS",
                             "too many logins at a time, or too many that failed: try again later"};
constexpr WireError kCannotTell{503, "UNAVAILABLE",
                                "the registry cannot check logins now: try again later"};

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

http::Response too_many(const auth::TooMany& refused) {
  http::Response response = error_response(kTooMany);
  response.headers.add("Retry-After", std::to_string(refused.retry_after.count()));
  response.log_message = "logins are slowed down";
  return response;
}

http::Response cannot_tell(const auth::SourceFailed& failed) {
  http::Response response = error_response(kCannotTell);
  response.log_message = failed.why;
  return response;
}

constexpr std::string_view kTooLittle = "insufficient_scope";

auth::Action action_of(Need need) {
  if (need == Need::kDelete) return auth::Action::kDelete;
  return need == Need::kPush ? auth::Action::kPush : auth::Action::kPull;
}

/// What to ask a token for; empty for names that no repository can have, since they may
/// hold anything.
std::string scope_of(Need need, const Target& target, const http::Query& query) {
  if (!index::RepositoryName::parse(target.name)) return {};
  const std::string_view actions = need == Need::kDelete ? ":delete"
                                   : need == Need::kPush ? ":pull,push"
                                                         : ":pull";
  std::string scope = "repository:" + target.name + std::string(actions);
  const auto from = query.find("from");
  if (target.resource == Resource::kUploads && from && index::RepositoryName::parse(*from)) {
    scope += " repository:" + std::string(*from) + ":pull";
  }
  return scope;
}

/// Whether another token would let the caller mount. Where the policy would not, nothing
/// is said: the upload begins, as if there were no such source.
bool lacks_source(const Caller& caller, const Target& target, const http::Query& query) {
  // What another service would grant, nobody here knows: refused again, clients give up,
  // and an upload always works.
  if (!caller.token || caller.token->origin == auth::TokenOrigin::kExternal) return false;
  if (target.resource != Resource::kUploads || !query.find("mount")) return false;
  const auto from = query.find("from");
  if (!from || *from == target.name || !index::RepositoryName::parse(*from)) return false;
  return !caller.token_allows(auth::Action::kPull, *from) &&
         caller.policy->allows(*caller.identity, *from, auth::Action::kPull);
}

/// As policies and settings name somebody.
std::string policy_name(const auth::Identity& identity) {
  const bool robot = identity.kind == auth::Identity::Kind::kRobot;
  return (robot ? "robot:" : "") + identity.name;
}

const auth::IdentityPtr& nobody() {
  static const auto identity = std::make_shared<const auth::Identity>();
  return identity;
}

const auth::IdentityPtr& chief() {
  static const auto identity = std::make_shared<const auth::Identity>(
      auth::Identity{.kind = auth::Identity::Kind::kOperator, .name = "operator", .groups = {}});
  return identity;
}

}  // namespace

void Guard::replace_policy(std::shared_ptr<const auth::AccessPolicy> policy) {
  *policy_.lock() = std::move(policy);
}

void Guard::replace_metrics_readers(MetricsReaders readers) {
  *metrics_readers_.lock() = std::move(readers);
}

void Guard::replace_front(Front front) {
  front_.replace(std::move(front));
}

Guard::Recalled Guard::recall(const http::Request& request) const {
  // Whoever got in there could read and write the registry's files as well.
  if (request.peer.control) return caller(chief());
  const Credentials credentials = read_credentials(request.headers);
  return std::visit(Overloaded{
                        [&](const NoCredentials&) -> Recalled { return caller(nobody()); },
                        [&](const BadCredentials&) -> Recalled {
                          return challenge(request, "the Authorization field is malformed");
                        },
                        [&](const BearerToken& bearing) -> Recalled {
                          auto token = tokens_.recall(bearing.token, clock_.now());
                          if (token) return bearer(std::move(token));
                          auto pass = bad_tokens_.enter(address_of(request), clock_.now());
                          if (!pass) return slowed_down("token", {});
                          return Unverified{*std::move(pass)};
                        },
                        [&](const auth::PasswordClaim& claim) -> Recalled {
                          auto recalled = login_.recall(claim, address_of(request), clock_.now());
                          if (auto* accepted = std::get_if<auth::Accepted>(&recalled)) {
                            return caller(std::move(accepted->identity));
                          }
                          if (const auto* refused = std::get_if<auth::TooMany>(&recalled)) {
                            return slowed_down("password", *refused);
                          }
                          return Unverified{nullptr};
                        },
                    },
                    credentials);
}

Guard::Verified Guard::verify(const http::Request& request) const {
  const Credentials credentials = read_credentials(request.headers);
  if (const auto* bearing = std::get_if<BearerToken>(&credentials)) {
    return verify_token(bearing->token, request);
  }
  if (const auto* claim = std::get_if<auth::PasswordClaim>(&credentials)) {
    return log_in(*claim, request);
  }
  return challenge(request, "there is nothing to verify");
}

Guard::Verified Guard::verify_token(const std::string& token, const http::Request& request) const {
  auto verified = tokens_.verify(token, clock_.now());
  if (const auto* fault = std::get_if<auth::TokenFault>(&verified)) {
    return bad_token("token", *fault, request);
  }
  if (const auto* failed = std::get_if<auth::SourceFailed>(&verified)) {
    return source_failed("token", *failed, request);
  }
  count_login("token", "accepted");
  return bearer(std::get<auth::VerifiedTokenPtr>(std::move(verified)));
}

Guard::Verified Guard::log_in(const auth::PasswordClaim& claim,
                              const http::Request& request) const {
  auto verdict = login_.verify(claim, address_of(request), clock_.now());
  return std::visit(Overloaded{
                        [&](auth::Accepted& accepted) -> Verified {
                          note_login(request, accepted.identity.get(), "accepted");
                          count_login(auth::kind_name(accepted.identity->kind), "accepted");
                          return caller(std::move(accepted.identity));
                        },
                        [&](const auth::Rejected&) -> Verified {
                          note_login(request, nullptr, "wrong user name or password");
                          count_login("password", "rejected");
                          return challenge(request, "the user name or the password is wrong");
                        },
                        [&](const auth::TooMany& refused) -> Verified {
                          return slowed_down("password", refused);
                        },
                        [&](const auth::SourceFailed& failed) -> Verified {
                          return source_failed("password", failed, request);
                        },
                    },
                    verdict);
}

Guard::Verified Guard::log_in_again(std::string_view refresh_token,
                                    const http::Request& request) const {
  const auto pass = bad_tokens_.enter(address_of(request), clock_.now());
  if (!pass) return slowed_down("refresh_token", {});
  auto read = tokens_.read_refresh(refresh_token, clock_.now());
  if (const auto* fault = std::get_if<auth::TokenFault>(&read)) {
    return bad_token("refresh_token", *fault, request);
  }
  if (const auto* failed = std::get_if<auth::SourceFailed>(&read)) {
    return source_failed("refresh_token", *failed, request);
  }
  count_login("refresh_token", "accepted");
  return caller(std::get<auth::IdentityPtr>(std::move(read)));
}

http::Response Guard::bad_token(std::string_view source, auth::TokenFault fault,
                                const http::Request& request) const {
  bad_tokens_.failed(address_of(request), clock_.now());
  note_login(request, nullptr, auth::text_of(fault));
  count_login(source, "rejected");
  return challenge(request, std::string(auth::text_of(fault)), {}, "invalid_token");
}

http::Response Guard::slowed_down(std::string_view source, const auth::TooMany& refused) const {
  count_login(source, "slowed_down");
  return too_many(refused);
}

http::Response Guard::source_failed(std::string_view source, const auth::SourceFailed& failed,
                                    const http::Request& request) const {
  note_login(request, nullptr, "the source of users failed");
  count_login(source, "failed");
  return cannot_tell(failed);
}

auth::IssuedToken Guard::issue(const Caller& caller, const http::Request& request,
                               const std::vector<auth::Grant>& asked,
                               auth::TokenService::Refresh refresh) const {
  auto issued = tokens_.issue(*caller.identity, asked, *caller.policy, refresh, clock_.now());
  if (settings_.audit != nullptr) {
    settings_.audit->token(request, *caller.identity, auth::format_scopes(issued.access));
  }
  return issued;
}

std::optional<auth::Revocations::Failed> Guard::revoke(std::string_view token,
                                                       const http::Request& request) const {
  auto revoked = tokens_.revoke(token, clock_.now());
  if (auto* failed = std::get_if<auth::Revocations::Failed>(&revoked)) return std::move(*failed);
  const auto& bearer = std::get<auth::IdentityPtr>(revoked);
  if (bearer) note_login(request, bearer.get(), "revoked a token");
  return std::nullopt;
}

std::optional<auth::Revocations::Failed> Guard::revoke_all(const Caller& caller,
                                                           const auth::Identity& bearer,
                                                           const http::Request& request) const {
  auto failed = tokens_.revoke_all(bearer, clock_.now());
  if (!failed) note_change(caller, request, "revoke tokens", bearer.name);
  return failed;
}

void Guard::note_overwrite_refused(const Caller& caller, const http::Request& request,
                                   std::string_view repository) const {
  if (settings_.audit == nullptr) return;
  settings_.audit->decision(
      request, *caller.identity, auth::Action::kOverwrite, repository,
      caller.policy->decide(*caller.identity, repository, auth::Action::kOverwrite));
}

void Guard::note_change(const Caller& caller, const http::Request& request, std::string_view what,
                        std::string_view target, std::string_view detail) const {
  if (settings_.audit != nullptr) {
    settings_.audit->change(request, *caller.identity, what, target, detail);
  }
}

void Guard::count_login(std::string_view source, std::string_view outcome) const {
  if (settings_.count_login) settings_.count_login(source, outcome);
}

void Guard::note_login(const http::Request& request, const auth::Identity* who,
                       std::string_view outcome) const {
  if (settings_.audit != nullptr) settings_.audit->login(request, who, outcome);
}

std::optional<http::Response> Guard::refuse(const Caller& caller, Need need,
                                            const http::Request& request, const Target& target,
                                            const http::Query& query) const {
  const bool anonymous = caller.identity->anonymous();
  const bool with_token = caller.token != nullptr;
  switch (need) {
    case Need::kNothing:
      return std::nullopt;
    case Need::kToken:
      // A token for a token would never end.
      if (!with_token) return std::nullopt;
      return ask_for_password("a token cannot be had for a token");
    case Need::kLogin:
      // Clients look for the challenge at /v2/ only, so it stands there even where some
      // things need no login (SPEC, "Where the challenge is read").
      if (with_token || !anonymous) return std::nullopt;
      return challenge(request, "not logged in");
    case Need::kCatalog:
      return refuse_catalog(caller, request);
    case Need::kAdmin:
      return refuse_admin(caller, request);
    case Need::kMetrics:
      return refuse_metrics(caller, request);
    case Need::kPull:
    case Need::kPush:
    case Need::kDelete:
      break;
  }
  const auth::Action action = action_of(need);
  const std::string scope = scope_of(need, target, query);
  const bool granted = caller.token_allows(action, target.name);
  const auth::Decision decision = caller.policy->decide(*caller.identity, target.name, action);
  // Pulls that were allowed are in the access log, and far too many for this one.
  const bool worth_noting = !decision.allowed || (granted && action != auth::Action::kPull);
  if (settings_.audit != nullptr && worth_noting) {
    settings_.audit->decision(request, *caller.identity, action, target.name, decision);
  }
  if (!granted) return ask_for_scope(caller, request, "the token is not for this", scope);
  if (decision.allowed) {
    if (lacks_source(caller, target, query)) {
      return ask_for_scope(caller, request, "the token is not for the source of the mount", scope);
    }
    note_closed_source(caller, request, target, query);
    return std::nullopt;
  }
  const std::string why = std::string(auth::action_name(action)) + " denied: " + decision.str();
  if (anonymous) {
    return challenge(request, why, scope, with_token ? kTooLittle : std::string_view());
  }
  http::Response response = error_response(kDenied);
  response.log_message = why;
  return response;
}

void Guard::note_closed_source(const Caller& caller, const http::Request& request,
                               const Target& target, const http::Query& query) const {
  if (settings_.audit == nullptr || target.resource != Resource::kUploads) return;
  const auto from = query.find("mount") ? query.find("from") : std::nullopt;
  if (!from || !index::RepositoryName::parse(*from)) return;
  const auto decision = caller.policy->decide(*caller.identity, *from, auth::Action::kPull);
  if (decision.allowed) return;
  settings_.audit->decision(request, *caller.identity, auth::Action::kPull, *from, decision);
}

http::Response Guard::ask_for_scope(const Caller& caller, const http::Request& request,
                                    std::string why, const std::string& scope) const {
  http::Response response = challenge(request, std::move(why), scope, kTooLittle);
  // Clients show these words: whoever is logged in should not read that a login is missing.
  if (!caller.identity->anonymous()) response.body = error_response(kLacking).body;
  return response;
}

std::optional<http::Response> Guard::refuse_catalog(const Caller& caller,
                                                    const http::Request& request) const {
  const std::string scope = "registry:catalog:*";
  if (caller.token && !auth::grants(caller.token->access, "registry", "catalog", "*")) {
    return ask_for_scope(caller, request, "the token is not for the catalog", scope);
  }
  const bool fine = !caller.identity->anonymous() ||
                    caller.policy->allows_somewhere(*caller.identity, auth::Action::kPull);
  return fine ? std::nullopt : std::optional(challenge(request, "not logged in", scope));
}

/// Whether there is anything that they administer; what it is, the handler asks.
std::optional<http::Response> Guard::refuse_admin(const Caller& caller,
                                                  const http::Request& request) const {
  if (caller.token || caller.identity->anonymous()) {
    return ask_for_password("only a password lets somebody administer");
  }
  if (caller.policy->allows_somewhere(*caller.identity, auth::Action::kAdmin)) {
    return std::nullopt;
  }
  if (settings_.audit != nullptr) {
    settings_.audit->decision(request, *caller.identity, auth::Action::kAdmin, {}, {});
  }
  http::Response response = error_response(kDenied);
  response.log_message = "admin denied: no rule allows it anywhere";
  return response;
}

std::optional<http::Response> Guard::refuse_metrics(const Caller& caller,
                                                    const http::Request& request) const {
  using Who = MetricsReaders::Who;
  const auto readers = metrics_readers_.lock();
  if (readers->who == Who::kEverybody) return std::nullopt;
  if (caller.identity->anonymous()) return ask_for_password("the metrics are not for everybody");
  const bool fine = readers->who == Who::kLoggedIn || caller.may_administer_all() ||
                    std::ranges::count(readers->named, policy_name(*caller.identity)) > 0;
  if (fine) return std::nullopt;
  if (settings_.audit != nullptr) {
    settings_.audit->decision(request, *caller.identity, auth::Action::kAdmin, {}, {});
  }
  http::Response response = error_response(kDenied);
  response.log_message = "metrics denied: metrics.readers does not name this login";
  return response;
}

CallerPtr Guard::caller(auth::IdentityPtr identity) const {
  return std::make_shared<const Caller>(Caller{std::move(identity), *policy_.lock(), nullptr});
}

CallerPtr Guard::bearer(auth::VerifiedTokenPtr token) const {
  auth::IdentityPtr identity = token->identity;
  const bool external = token->origin == auth::TokenOrigin::kExternal;
  auto policy = external && settings_.external && settings_.external->policy
                    ? settings_.external->policy
                    : *policy_.lock();
  return std::make_shared<const Caller>(
      Caller{std::move(identity), std::move(policy), std::move(token)});
}

bool Guard::asks_for_tokens() const {
  if (settings_.challenge == Challenge::kAuto && settings_.external) return true;
  if (settings_.challenge != Challenge::kAuto) return settings_.challenge == Challenge::kBearer;
  const auto policy = *policy_.lock();
  return policy->allows_somewhere(*nobody(), auth::Action::kPull);
}

http::Response Guard::challenge(const http::Request& request, std::string why,
                                const std::string& scope, std::string_view fault) const {
  const auto front = front_.get();
  const http::ClientView client = http::client_view(request, front->trusted_proxies);
  const std::string origin = !front->external_url.empty() ? front->external_url
                             : client.host.empty()        ? std::string()
                                                          : client.scheme + "://" + client.host;
  // Whoever came with a token wants another one. At the token service itself, a
  // password is what helps.
  const bool for_token = !fault.empty() || asks_for_tokens();
  const bool reachable = settings_.external || !origin.empty();
  if (!for_token || !reachable || request.path.starts_with("/auth/")) {
    return ask_for_password(std::move(why));
  }
  std::string field = settings_.external ? "Bearer realm=\"" + settings_.external->realm +
                                               "\",service=\"" + settings_.external->service + '"'
                                         : "Bearer realm=\"" + origin + "/auth/token\",service=\"" +
                                               tokens_.service() + '"';
  if (!scope.empty()) field += ",scope=\"" + scope + '"';
  if (!fault.empty()) field += ",error=\"" + std::string(fault) + '"';
  http::Response response = error_response(kUnauthorized);
  response.headers.add("WWW-Authenticate", std::move(field));
  response.log_message = std::move(why);
  return response;
}

http::Response Guard::ask_for_password(std::string why) const {
  http::Response response = error_response(kUnauthorized);
  response.headers.add("WWW-Authenticate", "Basic realm=\"" + settings_.realm + '"');
  response.log_message = std::move(why);
  return response;
}

std::string Guard::address_of(const http::Request& request) const {
  return http::client_view(request, front_.get()->trusted_proxies).address;
}

}  // namespace shale::api
