#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "server/api/credentials.h"
#include "tests/fuzz/fuzz.h"

namespace shale::api {
namespace {

void run(std::string_view value) {
  http::Headers headers;
  headers.add("Authorization", std::string(value));
  const Credentials credentials = read_credentials(headers);
  if (const auto* claim = std::get_if<auth::PasswordClaim>(&credentials)) {
    FUZZ_CHECK(claim->user.find(':') == std::string::npos);
    FUZZ_CHECK(!claim->user.empty() || !claim->password.empty());
    FUZZ_CHECK(claim->user.size() + claim->password.size() < value.size());
  }
  if (const auto* bearing = std::get_if<BearerToken>(&credentials)) {
    FUZZ_CHECK(!bearing->token.empty());
    FUZZ_CHECK(value.ends_with(bearing->token));
  }
  headers.add("authorization", "Basic YTpi");
  FUZZ_CHECK(std::holds_alternative<BadCredentials>(read_credentials(headers)));
}

}  // namespace
}  // namespace shale::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::api::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
