#include "server/api/guard.h"

#include <utility>

#include "server/api/credentials.h"
#include "server/api/errors.h"
#include "server/http/forwarded.h"

namespace shale::api {
namespace {

constexpr WireError kUnauthorized{401, "UNAUTHORIZED", "this needs a login, and a valid one"};
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

/// None: it takes no right to any repository.
std::optional<auth::Action> action_of(Need need) {
  switch (need) {
    case Need::kLogin:
    case Need::kCatalog:
      return std::nullopt;
    case Need::kPull:
      return auth::Action::kPull;
    case Need::kPush:
      return auth::Action::kPush;
    case Need::kDelete:
      return auth::Action::kDelete;
  }
  return std::nullopt;
}

const auth::IdentityPtr& nobody() {
  static const auto identity = std::make_shared<const auth::Identity>();
  return identity;
}

}  // namespace

void Guard::replace_policy(std::shared_ptr<const auth::AccessPolicy> policy) {
  *policy_.lock() = std::move(policy);
}

Guard::Recalled Guard::recall(const http::Request& request) const {
  const Credentials credentials = read_credentials(request.headers);
  return std::visit(
      Overloaded{
          [&](const NoCredentials&) -> Recalled { return caller(nobody()); },
          [&](const BadCredentials&) -> Recalled {
            return challenge("the Authorization field is malformed");
          },
          [&](const BearerToken&) -> Recalled { return challenge("tokens are not taken here"); },
          [&](const auth::PasswordClaim& claim) -> Recalled {
            auto recalled = login_.recall(claim, address_of(request), clock_.now());
            if (auto* accepted = std::get_if<auth::Accepted>(&recalled)) {
              return caller(std::move(accepted->identity));
            }
            if (const auto* refused = std::get_if<auth::TooMany>(&recalled)) {
              return too_many(*refused);
            }
            return Unverified{};
          },
      },
      credentials);
}

Guard::Verified Guard::verify(const http::Request& request) const {
  const Credentials credentials = read_credentials(request.headers);
  const auto* claim = std::get_if<auth::PasswordClaim>(&credentials);
  if (claim == nullptr) return challenge("there is nothing to verify");
  auto verdict = login_.verify(*claim, address_of(request), clock_.now());
  return std::visit(
      Overloaded{
          [&](auth::Accepted& accepted) -> Verified {
            return caller(std::move(accepted.identity));
          },
          [&](const auth::Rejected&) -> Verified {
            return challenge("the user name or the password is wrong");
          },
          [&](const auth::TooMany& refused) -> Verified { return too_many(refused); },
          [&](const auth::SourceFailed& failed) -> Verified { return cannot_tell(failed); },
      },
      verdict);
}

std::optional<http::Response> Guard::refuse(const Caller& caller, Need need,
                                            const Target& target) const {
  const bool anonymous = caller.identity->anonymous();
  const auto action = action_of(need);
  if (!action) {
    // Clients look for the challenge at /v2/ only, so it stands there even where some
    // things need no login (SPEC, "Where the challenge is read").
    const bool fine =
        !anonymous || (need == Need::kCatalog &&
                       caller.policy->allows_somewhere(*caller.identity, auth::Action::kPull));
    return fine ? std::nullopt : std::optional(challenge("not logged in"));
  }
  const auth::Decision decision = caller.policy->decide(*caller.identity, target.name, *action);
  if (decision.allowed) return std::nullopt;
  const std::string why = std::string(auth::action_name(*action)) + " denied: " + decision.str();
  if (anonymous) return challenge(why);
  http::Response response = error_response(kDenied);
  response.log_message = why;
  return response;
}

CallerPtr Guard::caller(auth::IdentityPtr identity) const {
  return std::make_shared<const Caller>(Caller{std::move(identity), *policy_.lock()});
}

http::Response Guard::challenge(std::string why) const {
  http::Response response = error_response(kUnauthorized);
  response.headers.add("WWW-Authenticate", "Basic realm=\"" + settings_.realm + '"');
  response.log_message = std::move(why);
  return response;
}

std::string Guard::address_of(const http::Request& request) const {
  return http::client_view(request, settings_.trusted_proxies).address;
}

}  // namespace shale::api
