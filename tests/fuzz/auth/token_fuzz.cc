#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "auth/base64.h"
#include "auth/token.h"
#include "tests/fuzz/fuzz.h"

namespace shale::auth {
namespace {

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

void check(const std::variant<TokenClaims, TokenFault>& read) {
  if (const auto* fault = std::get_if<TokenFault>(&read)) {
    FUZZ_CHECK(!text_of(*fault).empty());
    return;
  }
  const auto& claims = std::get<TokenClaims>(read);
  FUZZ_CHECK(claims.use == TokenUse::kAccess);
  FUZZ_CHECK(claims.identity.anonymous() == claims.identity.name.empty());
  FUZZ_CHECK(claims.expires + std::chrono::seconds(30) > kNow);
}

/// Once as a token, which no key here has signed, and once as the claims of one that was.
void run(std::string_view bytes) {
  static const TokenFormat format(SigningKey::make(), {});
  static const TokenFormat other(SigningKey::make(), {});
  FUZZ_CHECK(std::holds_alternative<TokenFault>(format.read(bytes, TokenUse::kAccess, kNow)));

  static const SigningKey key = SigningKey::make();
  const std::string head = R"({"alg":"ES256","kid":")" + key.id() + "\"}";
  const std::string message = encode_base64url(head) + '.' + encode_base64url(bytes);
  const std::string token = message + '.' + encode_base64url(key.sign(message));
  FUZZ_CHECK(std::get<TokenFault>(other.read(token, TokenUse::kAccess, kNow)) == TokenFault::kKey ||
             token.size() > 24'000);
  check(format.read_claims(bytes, TokenUse::kAccess, kNow));
}

}  // namespace
}  // namespace shale::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::auth::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
