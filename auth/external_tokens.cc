#include "auth/external_tokens.h"

#include <cerrno>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "auth/json_object.h"
#include "auth/text.h"
#include "auth/token_claims.h"

namespace shale::auth {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20;

/// Nothing, when there is no such file to read; or what is wrong with it.
std::variant<std::optional<std::string>, std::string> text_of_file(const std::string& path) {
  if (path.empty()) return std::optional<std::string>();
  auto file = read_file(path);
  if (!file) {
    return "cannot read " + path + ": " + std::generic_category().message(errno);
  }
  if (file->text.size() > kLargest) return path + " has more than 1MiB";
  return std::optional(std::move(file->text));
}

}  // namespace

std::variant<std::unique_ptr<ExternalTokens>, std::string> ExternalTokens::open(Options options,
                                                                                Report report) {
  std::unique_ptr<ExternalTokens> tokens(new ExternalTokens(std::move(options), std::move(report)));
  *tokens->seen_.lock() = tokens->stamps();
  auto loaded = tokens->load();
  if (auto* fault = std::get_if<std::string>(&loaded)) return std::move(*fault);
  *tokens->keys_.lock() = std::get<KeysPtr>(std::move(loaded));
  return tokens;
}

ExternalTokens::Stamps ExternalTokens::stamps() const {
  return {
      .certificates = options_.certificates.empty() ? FileStamp{} : stamp_of(options_.certificates),
      .jwks = options_.jwks.empty() ? FileStamp{} : stamp_of(options_.jwks)};
}

std::variant<ExternalTokens::KeysPtr, std::string> ExternalTokens::load() const {
  TrustedKeys::Texts texts;
  for (const auto& [path, text] : {std::pair{&options_.certificates, &texts.certificates},
                                   std::pair{&options_.jwks, &texts.jwks}}) {
    auto read = text_of_file(*path);
    if (auto* fault = std::get_if<std::string>(&read)) return std::move(*fault);
    *text = std::get<std::optional<std::string>>(std::move(read));
  }
  // Alone first, so that a fault names its file.
  for (const bool certificates : {true, false}) {
    const auto& text = certificates ? texts.certificates : texts.jwks;
    if (!text) continue;
    const auto alone = certificates
                           ? TrustedKeys::read({.certificates = text, .jwks = std::nullopt})
                           : TrustedKeys::read({.certificates = std::nullopt, .jwks = text});
    if (const auto* fault = std::get_if<std::string>(&alone)) {
      return (certificates ? options_.certificates : options_.jwks) + ": " + *fault;
    }
  }
  auto keys = TrustedKeys::read(texts);
  if (const auto* fault = std::get_if<std::string>(&keys)) {
    return options_.certificates + " and " + options_.jwks + ": " + *fault;
  }
  return std::make_shared<const TrustedKeys>(std::get<TrustedKeys>(std::move(keys)));
}

void ExternalTokens::refresh() {
  const Stamps now = stamps();
  if (*seen_.lock() == now) return;
  *seen_.lock() = now;
  auto loaded = load();
  if (const auto* fault = std::get_if<std::string>(&loaded)) {
    report_("the keys of the external token service stay as they were: " + *fault);
    return;
  }
  *keys_.lock() = std::get<KeysPtr>(std::move(loaded));
  generation_.fetch_add(1);
  report_("the keys of the external token service were read again");
}

std::variant<TokenClaims, TokenFault> ExternalTokens::read(const SealedToken& sealed,
                                                           Time now) const {
  const KeysPtr keys = *keys_.lock();
  const VerifyingKeyPtr key = keys->find(sealed, now);
  if (!key) return TokenFault::kKey;
  if (sealed.algorithm != key->algorithm()) return TokenFault::kAlgorithm;
  if (!key->verify(sealed.message, sealed.signature)) return TokenFault::kSignature;
  return read_claims(sealed.claims, now);
}

std::variant<TokenClaims, TokenFault> ExternalTokens::read_claims(std::string_view text,
                                                                  Time now) const {
  const auto claims = JsonObject::parse(text);
  if (!claims) return TokenFault::kMalformed;
  auto read = read_standard_claims(*claims,
                                   {.issuer = options_.issuer,
                                    .service = options_.service,
                                    .skew = options_.skew,
                                    .audience = ClaimRules::Audience::kSeveral},
                                   now);
  if (const auto* fault = std::get_if<TokenFault>(&read)) return *fault;
  auto& standard = std::get<StandardClaims>(read);
  Identity identity{.name = std::move(standard.subject), .groups = {}};
  if (!identity.name.empty()) {
    // A name with a colon would be a robot's in the groups of a policy.
    if (!is_account_name(identity.name)) return TokenFault::kSubject;
    identity.kind = Identity::Kind::kUser;
  }
  return TokenClaims{.use = TokenUse::kAccess,
                     .identity = std::move(identity),
                     .access = std::move(standard.access),
                     // What does not tell its age is as old as can be.
                     .issued = standard.issued.value_or(Time()),
                     .expires = standard.expires,
                     .id = std::move(standard.id),
                     .origin = TokenOrigin::kExternal};
}

}  // namespace shale::auth
