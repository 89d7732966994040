#include "auth/token_claims.h"

#include <algorithm>
#include <utility>

namespace shale::auth {
namespace {

/// Seconds beyond which a time is nonsense: the year 9999.
constexpr std::int64_t kLatest = 253'402'300'799;
constexpr std::size_t kLongestId = 256;

std::optional<Time> time_claim(const JsonObject& claims, const char* name) {
  const auto seconds = claims.whole_number(name);
  if (!seconds || *seconds < 0 || *seconds > kLatest) return std::nullopt;
  return Time(std::chrono::seconds(*seconds));
}

/// Whether it is not there, or of its type.
template <class Value>
bool fine(const JsonObject& claims, const char* name, const std::optional<Value>& value) {
  return value.has_value() || !claims.has(name);
}

bool is_for(const JsonObject& claims, const ClaimRules& rules) {
  if (claims.text("aud") == rules.service) return true;
  const auto audience = claims.texts("aud");
  if (!audience) return false;
  if (rules.audience == ClaimRules::Audience::kOne) {
    return audience->size() == 1 && audience->front() == rules.service;
  }
  return std::ranges::find(*audience, rules.service) != audience->end();
}

std::optional<std::vector<Grant>> access_of(const JsonObject& claims) {
  std::vector<Grant> access;
  if (!claims.has("access")) return access;
  const auto entries = claims.objects("access");
  if (!entries) return std::nullopt;
  for (const JsonObject& entry : *entries) {
    auto type = entry.text("type");
    auto name = entry.text("name");
    auto actions = entry.texts("actions");
    if (!type || !name || !actions) return std::nullopt;
    access.push_back({*std::move(type), *std::move(name), *std::move(actions)});
  }
  return access;
}

}  // namespace

std::variant<StandardClaims, TokenFault> read_standard_claims(const JsonObject& claims,
                                                              const ClaimRules& rules, Time now) {
  if (claims.text("iss") != rules.issuer) return TokenFault::kIssuer;
  if (!is_for(claims, rules)) return TokenFault::kAudience;
  const auto expires = time_claim(claims, "exp");
  const auto not_before = time_claim(claims, "nbf");
  const auto issued = time_claim(claims, "iat");
  if (!expires || !fine(claims, "nbf", not_before) || !fine(claims, "iat", issued)) {
    return TokenFault::kMalformed;
  }
  if (now >= *expires + rules.skew) return TokenFault::kExpired;
  if (not_before && now + rules.skew < *not_before) return TokenFault::kNotYet;
  auto subject = claims.text("sub");
  auto id = claims.text("jti");
  auto access = access_of(claims);
  if (!fine(claims, "sub", subject) || !fine(claims, "jti", id) || !access) {
    return TokenFault::kMalformed;
  }
  if (id && id->size() > kLongestId) return TokenFault::kMalformed;
  return StandardClaims{.subject = std::move(subject).value_or(""),
                        .id = std::move(id).value_or(""),
                        .issued = issued,
                        .not_before = not_before,
                        .expires = *expires,
                        .access = *std::move(access)};
}

}  // namespace shale::auth
