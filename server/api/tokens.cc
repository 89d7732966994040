#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/text.h"
#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using auth::TokenService;

constexpr WireError kNobody{400, "UNSUPPORTED",
                            "the body must be an object with the name of a `user` or `robot`"};
constexpr WireError kNotYours{403, "DENIED",
                              "only who administers all repositories may end the tokens of others"};
constexpr WireError kCannotRevoke{503, "UNAVAILABLE",
                                  "the token cannot be revoked now: try again later"};

/// What is asked for in all `scope` parameters together.
std::vector<auth::Grant> scopes_of(const http::Query& query) {
  std::string all;
  for (const std::string_view scope : query.find_all("scope"))
    (all += scope) += ' ';
  return auth::parse_scopes(all);
}

/// Both names of the token, since some clients read one and some the other.
http::Response token_response(const auth::IssuedToken& issued) {
  Json json{{"token", issued.token},
            {"access_token", issued.token},
            {"expires_in", issued.life.count()},
            {"issued_at", format_time(issued.issued)},
            {"scope", auth::format_scopes(issued.access)}};
  if (!issued.refresh_token.empty()) json["refresh_token"] = issued.refresh_token;
  auto response =
      json_response(json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

/// A form is a query in which a plus is a blank.
std::optional<http::Query> parse_form(std::string_view body) {
  std::string encoded;
  for (const char c : body)
    encoded += c == '+' ? std::string("%20") : std::string(1, c);
  return http::Query::parse(encoded);
}

Error bad_form(const std::string& what) {
  return {Errc::kInvalidArgument, what, {what}};
}

std::string text_of(const http::Query& form, std::string_view name) {
  return std::string(form.find(name).value_or(""));
}

http::Response not_revoked(const auth::Revocations::Failed& failed) {
  http::Response response = error_response(kCannotRevoke);
  response.log_message = failed.why;
  return response;
}

/// `{"user": NAME}` or `{"robot": NAME}`, and nothing else.
std::optional<auth::Identity> read_bearer(const std::string& body) {
  const auto json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() != 1) return std::nullopt;
  const auto only = json.begin();
  const std::string& who = only.key();
  const Json& name = only.value();
  if (!name.is_string() || !auth::is_account_name(name.get<std::string>())) return std::nullopt;
  if (who != "user" && who != "robot") return std::nullopt;
  return auth::Identity{
      .kind = who == "user" ? auth::Identity::Kind::kUser : auth::Identity::Kind::kRobot,
      .name = name.get<std::string>(),
      .groups = {}};
}

}  // namespace

Result<http::Response> get_token(const Call& call) {
  const bool offline = call.query.find("offline_token") == "true";
  return token_response(
      call.guard->issue(*call.caller, call.request, scopes_of(call.query),
                        offline ? TokenService::Refresh::kYes : TokenService::Refresh::kNo));
}

/// OAuth2 as docker's clients speak it: the Authorization field plays no part.
Result<http::Response> post_token(const Call& call) {
  const auto form = parse_form(call.request.body);
  if (!form) return bad_form("the body is no form");
  const std::string grant = text_of(*form, "grant_type");
  Guard::Verified verified;
  bool offline = text_of(*form, "access_type") == "offline";
  if (grant == "password") {
    verified =
        call.guard->log_in({text_of(*form, "username"), text_of(*form, "password")}, call.request);
  } else if (grant == "refresh_token") {
    offline = false;  // the one that the client has goes on holding
    verified = call.guard->log_in_again(text_of(*form, "refresh_token"), call.request);
  } else {
    return bad_form("grant_type must be password or refresh_token");
  }
  if (auto* refused = std::get_if<http::Response>(&verified)) return std::move(*refused);
  return token_response(
      call.guard->issue(*std::get<CallerPtr>(verified), call.request, scopes_of(*form),
                        offline ? TokenService::Refresh::kYes : TokenService::Refresh::kNo));
}

Result<http::Response> get_keys(const Call& call) {
  return json_response(call.guard->tokens().jwks());
}

/// RFC 7009: whoever has a token may end it, and what is no token has ended already.
Result<http::Response> post_revoke(const Call& call) {
  const auto form = parse_form(call.request.body);
  if (!form) return bad_form("the body is no form");
  const std::string token = text_of(*form, "token");
  if (token.empty()) return bad_form("token is missing");
  if (const auto failed = call.guard->revoke(token, call.request)) return not_revoked(*failed);
  auto response = json_response("{}");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<http::Response> post_tokens_revoke(const Call& call) {
  if (!is_json(call.request)) return error_response(kNotJson);
  const auto bearer = read_bearer(call.request.body);
  if (!bearer) return error_response(kNobody);
  if (!call.caller->may_administer_all()) return error_response(kNotYours);
  if (const auto failed = call.guard->revoke_all(*call.caller, *bearer, call.request)) {
    return not_revoked(*failed);
  }
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace shale::api
