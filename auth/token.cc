#include "auth/token.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "auth/json_object.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

using Json = nlohmann::json;

std::int64_t seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<Identity> bearer_of(const JsonObject& claims, const std::string& name) {
  const auto kind = claims.text("kind");
  auto stamp = claims.text("stamp");
  if (!kind || !stamp) return std::nullopt;
  Identity identity{.name = name, .groups = {}, .stamp = *std::move(stamp)};
  if (*kind == "user") {
    identity.kind = Identity::Kind::kUser;
  } else if (*kind == "robot") {
    identity.kind = Identity::Kind::kRobot;
  } else if (*kind != "anonymous") {
    return std::nullopt;
  }
  if (identity.anonymous() != identity.name.empty()) return std::nullopt;
  if (!claims.has("groups")) return identity;
  auto groups = claims.texts("groups");
  if (!groups) return std::nullopt;
  identity.groups = *std::move(groups);
  return identity;
}

const char* use_name(TokenUse use) {
  return use == TokenUse::kAccess ? "access" : "refresh";
}

}  // namespace

std::string TokenFormat::write(const TokenClaims& claims) const {
  Json json{{"iss", options_.issuer},
            {"aud", options_.service},
            {"sub", claims.identity.name},
            {"kind", kind_name(claims.identity.kind)},
            {"stamp", claims.identity.stamp},
            {"use", use_name(claims.use)},
            {"iat", seconds_of(claims.issued)},
            {"nbf", seconds_of(claims.issued)},
            {"exp", seconds_of(claims.expires)},
            {"jti", claims.id.empty() ? encode_base64url(random_bytes(12)) : claims.id},
            {"access", Json::array()}};
  if (!claims.identity.groups.empty()) json["groups"] = claims.identity.groups;
  for (const Grant& grant : claims.access) {
    json["access"].push_back(
        {{"type", grant.type}, {"name", grant.name}, {"actions", grant.actions}});
  }
  const SigningKeyPtr key = keys_->signing(claims.issued);
  const Json header{{"alg", "ES256"}, {"typ", "JWT"}, {"kid", key->id()}};
  constexpr auto kReplace = Json::error_handler_t::replace;
  const std::string token =
      encode_base64url(header.dump()) + '.' + encode_base64url(json.dump(-1, ' ', false, kReplace));
  return token + '.' + encode_base64url(key->sign(token));
}

std::variant<TokenClaims, TokenFault> TokenFormat::read(std::string_view token, TokenUse use,
                                                        Time now) const {
  const auto sealed = SealedToken::open(token);
  if (const auto* fault = std::get_if<TokenFault>(&sealed)) return *fault;
  return read(std::get<SealedToken>(sealed), use, now);
}

std::variant<TokenClaims, TokenFault> TokenFormat::read(const SealedToken& sealed, TokenUse use,
                                                        Time now) const {
  if (sealed.algorithm != "ES256") return TokenFault::kAlgorithm;
  const SigningKeyPtr key = sealed.key_id ? keys_->find(*sealed.key_id) : nullptr;
  if (!key) return TokenFault::kKey;
  if (!key->verify(sealed.message, sealed.signature)) return TokenFault::kSignature;
  return read_claims(sealed.claims, use, now);
}

std::variant<TokenClaims, TokenFault> TokenFormat::read_claims(std::string_view text, TokenUse use,
                                                               Time now) const {
  const auto claims = JsonObject::parse(text);
  if (!claims) return TokenFault::kMalformed;
  auto read = read_standard_claims(
      *claims, {.issuer = options_.issuer, .service = options_.service, .skew = options_.skew},
      now);
  if (const auto* fault = std::get_if<TokenFault>(&read)) return *fault;
  auto& standard = std::get<StandardClaims>(read);
  if (claims->text("use") != use_name(use)) return TokenFault::kUse;
  auto identity = bearer_of(*claims, standard.subject);
  if (!identity || !claims->has("sub") || !standard.issued || !standard.not_before ||
      standard.id.empty()) {
    return TokenFault::kMalformed;
  }
  return TokenClaims{use,
                     *std::move(identity),
                     std::move(standard.access),
                     *standard.issued,
                     standard.expires,
                     std::move(standard.id)};
}

}  // namespace shale::auth
