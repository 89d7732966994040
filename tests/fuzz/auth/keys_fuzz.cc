#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "auth/sealed_token.h"
#include "auth/trusted_keys.h"
#include "tests/fuzz/fuzz.h"

namespace shale::auth {
namespace {

constexpr Time kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::string_view kRoot =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBczCCARmgAwIBAgIUNi70NIr1FHCXX0s5NlleKehoy9QwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEcm9vdDAeFw0yNjExMjUxOTI4MDZaFw00NjExMjAxOTI4MDZa\n"
    "MA8xDTALBgNVBAMMBHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS/pawt\n"
    "tXrgVQZ3QCmBrsvL1/zs3uyLCx8lrQiwu0RFTGFfPYyPLlZtR80yzb40to/MJ8HA\n"
    "3TmAerp/su6E6I6Qo1MwUTAdBgNVHQ4EFgQUoUZ8VWhc4+8sfvLyLCEj+FejVdIw\n"
    "HwYDVR0jBBgwFoAUoUZ8VWhc4+8sfvLyLCEj+FejVdIwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNIADBFAiBCqBScNH0FZ7UKeNvINa67dNHQlmrtQ6H9druS\n"
    "J7omlQIhAIkE6EQ0/wMrAjB6LX8452k/Nfizsg14cNTBLzzczZr9\n"
    "-----END CERTIFICATE-----\n";

void check(const std::variant<TrustedKeys, std::string>& read) {
  if (const auto* fault = std::get_if<std::string>(&read)) FUZZ_CHECK(!fault->empty());
}

/// Once as each of the two files, and once as a token, whose chain is read before any
/// signature is.
void run(std::string_view bytes) {
  check(TrustedKeys::read({.certificates = std::nullopt, .jwks = std::string(bytes)}));
  check(TrustedKeys::read({.certificates = std::string(bytes), .jwks = std::nullopt}));

  static const auto keys =
      TrustedKeys::read({.certificates = std::string(kRoot), .jwks = std::nullopt});
  FUZZ_CHECK(std::holds_alternative<TrustedKeys>(keys));
  const auto opened = SealedToken::open(bytes);
  if (const auto* sealed = std::get_if<SealedToken>(&opened)) {
    const auto key = std::get<TrustedKeys>(keys).find(*sealed, kNow);
    if (key) FUZZ_CHECK(!key->algorithm().empty());
    if (key) FUZZ_CHECK(!key->verify("another message", sealed->signature));
  }
}

}  // namespace
}  // namespace shale::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::auth::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
