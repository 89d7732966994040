#include "auth/token_service.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

namespace shale::auth {
namespace {

/// Docker's words for what may be done to a repository. `overwrite` has none: it is
/// asked of the policy when a tag is moved.
constexpr std::array kWords = {std::pair<std::string_view, Action>{"pull", Action::kPull},
                               std::pair<std::string_view, Action>{"push", Action::kPush},
                               std::pair<std::string_view, Action>{"delete", Action::kDelete}};

bool asks_for(const Grant& asked, std::string_view word) {
  return std::ranges::any_of(asked.actions,
                             [&](const std::string& a) { return a == word || a == "*"; });
}

std::optional<Grant> allowed_part(const Grant& asked, const Identity& who,
                                  const AccessPolicy& policy) {
  Grant grant{asked.type, asked.name, {}};
  if (asked.type == "repository") {
    for (const auto& [word, action] : kWords) {
      if (asks_for(asked, word) && policy.allows(who, asked.name, action)) {
        grant.actions.emplace_back(word);
      }
    }
  } else if (asked.type == "registry" && asked.name == "catalog" && asks_for(asked, "*")) {
    if (!who.anonymous() || policy.allows_somewhere(who, Action::kPull)) grant.actions = {"*"};
  }
  return grant.actions.empty() ? std::nullopt : std::optional(std::move(grant));
}

}  // namespace

std::size_t TokenService::FirstBytes::operator()(const KeyedHash::Value& value) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, value.data(), sizeof(hash));
  return hash;
}

void TokenService::refresh(Time now) {
  format_.keys().refresh(now);
  if (external_) external_->refresh();
}

/// Each part only grows, so their sum never comes back to an earlier value.
std::uint64_t TokenService::generation() const {
  return source_.generation() + revocations_->generation() +
         (external_ ? external_->generation() : 0);
}

IssuedToken TokenService::issue(const Identity& who, const std::vector<Grant>& asked,
                                const AccessPolicy& policy, Refresh refresh, Time now) const {
  TokenClaims claims{.use = TokenUse::kAccess,
                     .identity = who,
                     .access = {},
                     .issued = now,
                     .expires = now + options_.life};
  if (who.expires) claims.expires = std::min(claims.expires, *who.expires);
  // Tokens know seconds only, and those of the second of a revocation are revoked.
  if (const auto before = revocations_->all_before(who)) {
    claims.issued = std::max(now, *before + std::chrono::seconds(1));
  }
  for (const Grant& wanted : asked) {
    if (auto grant = allowed_part(wanted, who, policy)) claims.access.push_back(*std::move(grant));
  }
  IssuedToken issued{.token = format_.write(claims),
                     .refresh_token = {},
                     .access = claims.access,
                     .issued = now,
                     .life = std::chrono::ceil<std::chrono::seconds>(claims.expires - now)};
  // Whoever is a program has its secret at hand, and is to stop with it.
  if (refresh == Refresh::kYes && who.kind == Identity::Kind::kUser) {
    claims.use = TokenUse::kRefresh;
    claims.access.clear();
    claims.expires = now + options_.refresh_life;
    issued.refresh_token = format_.write(claims);
  }
  return issued;
}

VerifiedTokenPtr TokenService::recall(std::string_view token, Time now) const {
  const auto key = hash_.of({token});
  const auto current = generation();
  const auto remembered = remembered_.lock();
  const auto found = remembered->find(key);
  if (found == remembered->end()) return nullptr;
  const Entry& entry = found->second;
  return entry.generation == current && now < entry.until ? entry.verified : nullptr;
}

std::variant<VerifiedTokenPtr, TokenFault, SourceFailed> TokenService::verify(
    std::string_view token, Time now) {
  const auto current = generation();
  auto result = read(token, TokenUse::kAccess, now);
  if (const auto* fault = std::get_if<TokenFault>(&result)) return *fault;
  if (auto* failed = std::get_if<SourceFailed>(&result)) return std::move(*failed);
  auto& claims = std::get<TokenClaims>(result);
  auto verified = std::make_shared<const VerifiedToken>(
      VerifiedToken{std::make_shared<const Identity>(std::move(claims.identity)),
                    std::move(claims.access), claims.origin});
  const auto key = hash_.of({token});
  const auto remembered = remembered_.lock();
  if (remembered->size() >= options_.most_remembered) {
    std::erase_if(*remembered, [&](const auto& entry) { return now >= entry.second.until; });
    if (remembered->size() >= options_.most_remembered) remembered->clear();
  }
  remembered->insert_or_assign(key, Entry{verified, current, claims.expires});
  return verified;
}

std::variant<IdentityPtr, TokenFault, SourceFailed> TokenService::read_refresh(
    std::string_view token, Time now) const {
  auto result = read(token, TokenUse::kRefresh, now);
  if (const auto* fault = std::get_if<TokenFault>(&result)) return *fault;
  if (auto* failed = std::get_if<SourceFailed>(&result)) return std::move(*failed);
  return std::make_shared<const Identity>(std::get<TokenClaims>(std::move(result)).identity);
}

TokenService::Revoked TokenService::revoke(std::string_view token, Time now) {
  auto read = format_.read(token, TokenUse::kRefresh, now);
  if (std::holds_alternative<TokenFault>(read)) read = format_.read(token, TokenUse::kAccess, now);
  const auto* claims = std::get_if<TokenClaims>(&read);
  // Nobody's tokens are as good as none.
  if (claims == nullptr || claims->identity.anonymous()) return nullptr;
  auto failed = revocations_->revoke(claims->identity, claims->id,
                                     claims->expires + options_.format.skew, now);
  if (failed) return *std::move(failed);
  return std::make_shared<const Identity>(claims->identity);
}

/// What a token of ours says, or one of the external service.
std::variant<TokenClaims, TokenFault> TokenService::read_any(std::string_view token, TokenUse use,
                                                             Time now) const {
  const auto opened = SealedToken::open(token);
  if (const auto* fault = std::get_if<TokenFault>(&opened)) return *fault;
  const auto& sealed = std::get<SealedToken>(opened);
  const bool ours = sealed.key_id && format_.keys().find(*sealed.key_id);
  if (ours || !external_ || use != TokenUse::kAccess) return format_.read(sealed, use, now);
  return external_->read(sealed, now);
}

/// What the token says, if it is well made, not revoked and its stamp is still the bearer's,
/// of whom the rest is as it is now.
std::variant<TokenClaims, TokenFault, SourceFailed> TokenService::read(std::string_view token,
                                                                       TokenUse use,
                                                                       Time now) const {
  auto result = read_any(token, use, now);
  if (const auto* fault = std::get_if<TokenFault>(&result)) return *fault;
  auto& claims = std::get<TokenClaims>(result);
  if (claims.identity.anonymous()) return std::move(claims);
  if (revocations_->revoked(claims.identity, claims.id, claims.issued)) {
    return TokenFault::kRevoked;
  }
  if (claims.origin == TokenOrigin::kExternal) return std::move(claims);
  auto found = source_.identity_of(claims.identity.kind, claims.identity.name);
  if (auto* failed = std::get_if<SourceFailed>(&found)) return std::move(*failed);
  const auto* current = std::get_if<IdentityPtr>(&found);
  if (current == nullptr || !equal_secrets((*current)->stamp, claims.identity.stamp)) {
    return TokenFault::kExpired;
  }
  claims.identity = **current;
  if (const auto end = claims.identity.expires) {
    if (now >= *end) return TokenFault::kExpired;
    claims.expires = std::min(claims.expires, *end);
  }
  return std::move(claims);
}

}  // namespace shale::auth
