#include "auth/token.h"

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongest = std::size_t{24} << 10;
/// Seconds beyond which a time is nonsense: the year 9999.
constexpr std::int64_t kLatest = 253'402'300'799;

/// An object without any name twice: parsers differ in which of two they take.
std::optional<Json> parse_object(std::string_view text) {
  std::vector<std::set<std::string>> names;
  bool twice = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > 8) twice = true;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == Json::parse_event_t::key && !names.empty()) {
      twice = !names.back().insert(parsed.get<std::string>()).second || twice;
    }
    return true;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (twice || !json.is_object()) return std::nullopt;
  return json;
}

std::optional<std::string> text_claim(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<Time> time_claim(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  const auto seconds = found->get<std::int64_t>();
  if (seconds < 0 || seconds > kLatest) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

std::int64_t seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::optional<Identity> bearer_of(const Json& claims) {
  auto name = text_claim(claims, "sub");
  const auto kind = text_claim(claims, "kind");
  auto stamp = text_claim(claims, "stamp");
  if (!name || !kind || !stamp) return std::nullopt;
  Identity identity{.name = *std::move(name), .groups = {}, .stamp = *std::move(stamp)};
  if (*kind == "user") {
    identity.kind = Identity::Kind::kUser;
  } else if (*kind == "robot") {
    identity.kind = Identity::Kind::kRobot;
  } else if (*kind != "anonymous") {
    return std::nullopt;
  }
  if (identity.anonymous() != identity.name.empty()) return std::nullopt;
  const auto groups = claims.find("groups");
  if (groups == claims.end()) return identity;
  if (!groups->is_array()) return std::nullopt;
  for (const Json& group : *groups) {
    if (!group.is_string()) return std::nullopt;
    identity.groups.push_back(group.get<std::string>());
  }
  return identity;
}

std::optional<std::vector<Grant>> access_of(const Json& claims) {
  std::vector<Grant> access;
  const auto list = claims.find("access");
  if (list == claims.end()) return access;
  if (!list->is_array()) return std::nullopt;
  for (const Json& entry : *list) {
    if (!entry.is_object()) return std::nullopt;
    auto type = text_claim(entry, "type");
    auto name = text_claim(entry, "name");
    const auto actions = entry.find("actions");
    if (!type || !name || actions == entry.end() || !actions->is_array()) return std::nullopt;
    Grant grant{*std::move(type), *std::move(name), {}};
    for (const Json& action : *actions) {
      if (!action.is_string()) return std::nullopt;
      grant.actions.push_back(action.get<std::string>());
    }
    access.push_back(std::move(grant));
  }
  return access;
}

bool is_for(const Json& claims, const std::string& service) {
  const auto audience = claims.find("aud");
  if (audience == claims.end()) return false;
  if (audience->is_string()) return audience->get<std::string>() == service;
  return audience->is_array() && audience->size() == 1 && (*audience)[0] == Json(service);
}

/// The three parts, or fewer when there are not three.
std::vector<std::string_view> parts_of(std::string_view token) {
  std::vector<std::string_view> parts;
  for (auto dot = token.find('.'); dot != std::string_view::npos; dot = token.find('.')) {
    parts.push_back(token.substr(0, dot));
    token.remove_prefix(dot + 1);
  }
  parts.push_back(token);
  return parts;
}

const char* use_name(TokenUse use) {
  return use == TokenUse::kAccess ? "access" : "refresh";
}

}  // namespace

std::string_view text_of(TokenFault fault) noexcept {
  switch (fault) {
    case TokenFault::kMalformed:
      return "the token is malformed";
    case TokenFault::kAlgorithm:
      return "the token names another algorithm than its key's";
    case TokenFault::kKey:
      return "the token was signed with a key that is not known here";
    case TokenFault::kSignature:
      return "the token's signature is wrong";
    case TokenFault::kIssuer:
      return "the token is another issuer's";
    case TokenFault::kAudience:
      return "the token is for another service";
    case TokenFault::kExpired:
      return "the token has expired";
    case TokenFault::kNotYet:
      return "the token is not valid yet";
    case TokenFault::kUse:
      break;
  }
  return "the token is for another use";
}

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
            {"jti", encode_base64url(random_bytes(12))},
            {"access", Json::array()}};
  if (!claims.identity.groups.empty()) json["groups"] = claims.identity.groups;
  for (const Grant& grant : claims.access) {
    json["access"].push_back(
        {{"type", grant.type}, {"name", grant.name}, {"actions", grant.actions}});
  }
  const Json header{{"alg", "ES256"}, {"typ", "JWT"}, {"kid", key_.id()}};
  constexpr auto kReplace = Json::error_handler_t::replace;
  const std::string token =
      encode_base64url(header.dump()) + '.' + encode_base64url(json.dump(-1, ' ', false, kReplace));
  return token + '.' + encode_base64url(key_.sign(token));
}

std::variant<TokenClaims, TokenFault> TokenFormat::read(std::string_view token, TokenUse use,
                                                        Time now) const {
  if (token.size() > kLongest) return TokenFault::kMalformed;
  const auto parts = parts_of(token);
  if (parts.size() != 3) return TokenFault::kMalformed;
  const auto header_text = decode_base64url(parts[0]);
  const auto claims_text = decode_base64url(parts[1]);
  const auto signature = decode_base64url(parts[2]);
  if (!header_text || !claims_text || !signature) return TokenFault::kMalformed;
  const auto header = parse_object(*header_text);
  if (!header || header->contains("crit")) return TokenFault::kMalformed;
  if (text_claim(*header, "alg") != "ES256") return TokenFault::kAlgorithm;
  if (text_claim(*header, "kid") != key_.id()) return TokenFault::kKey;
  const std::string_view signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!key_.verify(signed_part, *signature)) return TokenFault::kSignature;
  return read_claims(*claims_text, use, now);
}

std::variant<TokenClaims, TokenFault> TokenFormat::read_claims(std::string_view text, TokenUse use,
                                                               Time now) const {
  const auto claims = parse_object(text);
  if (!claims) return TokenFault::kMalformed;
  if (text_claim(*claims, "iss") != options_.issuer) return TokenFault::kIssuer;
  if (!is_for(*claims, options_.service)) return TokenFault::kAudience;
  const auto expires = time_claim(*claims, "exp");
  const auto not_before = time_claim(*claims, "nbf");
  const auto issued = time_claim(*claims, "iat");
  if (!expires || !not_before || !issued) return TokenFault::kMalformed;
  if (now >= *expires + options_.skew) return TokenFault::kExpired;
  if (now + options_.skew < *not_before) return TokenFault::kNotYet;
  if (text_claim(*claims, "use") != use_name(use)) return TokenFault::kUse;
  auto identity = bearer_of(*claims);
  auto access = access_of(*claims);
  if (!identity || !access) return TokenFault::kMalformed;
  return TokenClaims{use, *std::move(identity), *std::move(access), *issued, *expires};
}

}  // namespace shale::auth
