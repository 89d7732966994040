#include "auth/sealed_token.h"

#include <cstddef>
#include <utility>

#include "auth/base64.h"
#include "auth/json_object.h"

namespace shale::auth {
namespace {

constexpr std::size_t kLongest = std::size_t{24} << 10;
constexpr std::size_t kLongestChain = 8;

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

/// Whether `x5c` is not there, or a list of certificates that go to `chain`.
bool read_chain(const JsonObject& header, std::vector<std::string>& chain) {
  if (!header.has("x5c")) return true;
  const auto texts = header.texts("x5c");
  if (!texts || texts->empty() || texts->size() > kLongestChain) return false;
  for (const std::string& text : *texts) {
    auto der = decode_base64(text);  // and not base64url: RFC 7515, section 4.1.6
    if (!der) return false;
    chain.push_back(*std::move(der));
  }
  return true;
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
    case TokenFault::kRevoked:
      return "the token was revoked";
    case TokenFault::kSubject:
      return "the token is for a name that no user can have here";
    case TokenFault::kUse:
      break;
  }
  return "the token is for another use";
}

std::variant<SealedToken, TokenFault> SealedToken::open(std::string_view token) {
  if (token.size() > kLongest) return TokenFault::kMalformed;
  const auto parts = parts_of(token);
  if (parts.size() != 3) return TokenFault::kMalformed;
  const auto header_text = decode_base64url(parts[0]);
  auto claims = decode_base64url(parts[1]);
  auto signature = decode_base64url(parts[2]);
  if (!header_text || !claims || !signature) return TokenFault::kMalformed;
  const auto header = JsonObject::parse(*header_text);
  if (!header || header->has("crit")) return TokenFault::kMalformed;
  SealedToken sealed;
  auto algorithm = header->text("alg");
  if (!algorithm) return TokenFault::kAlgorithm;
  sealed.algorithm = *std::move(algorithm);
  sealed.key_id = header->text("kid");
  if (header->has("kid") && !sealed.key_id) return TokenFault::kMalformed;
  if (!read_chain(*header, sealed.chain)) return TokenFault::kMalformed;
  sealed.message = token.substr(0, parts[0].size() + 1 + parts[1].size());
  sealed.signature = *std::move(signature);
  sealed.claims = *std::move(claims);
  return sealed;
}

}  // namespace shale::auth
