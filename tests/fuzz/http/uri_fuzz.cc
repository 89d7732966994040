#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/grammar.h"
#include "server/http/request_target.h"
#include "server/http/uri.h"
#include "tests/fuzz/fuzz.h"

namespace shale::http {
namespace {

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void run(std::string_view bytes) {
  if (const auto path = decode_path(bytes)) {
    FUZZ_CHECK(std::ranges::count(*path, '/') == std::ranges::count(bytes, '/'));
    FUZZ_CHECK(!has_control(*path) && path->find('\\') == std::string::npos);
    FUZZ_CHECK(decode_path(encode_path(*path)) == path);
  }
  if (const auto query = Query::parse(bytes)) {
    for (const std::string_view value : query->find_all("a"))
      FUZZ_CHECK(!has_control(value));
  }
  const auto back = Query::parse("key=" + encode_component(bytes));
  FUZZ_CHECK(!back || back->find("key") == bytes);

  if (is_authority(bytes)) {
    FUZZ_CHECK(!bytes.empty() && consists_of(CharClass::kTarget, bytes));
    FUZZ_CHECK(bytes.find_first_of("/?#@%") == std::string_view::npos);
  }
  for (const std::string_view method : {"GET", "OPTIONS", "CONNECT"}) {
    const auto target = split_target(method, bytes);
    if (!target) continue;
    FUZZ_CHECK(method != "CONNECT");
    FUZZ_CHECK(target->path.starts_with("/") || (target->path == "*" && method == "OPTIONS"));
    FUZZ_CHECK(target->authority.empty() || is_authority(target->authority));
  }
}

}  // namespace
}  // namespace shale::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::http::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
