#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "server/http/grammar.h"
#include "server/http/head_parser.h"
#include "server/http/uri.h"
#include "tests/fuzz/fuzz.h"
#include "tests/server/http/head_outcome.h"

namespace shale::http {
namespace {

/// Small, so that the fuzzer finds the edges.
constexpr HeadLimits kLimits{.bytes = 512, .target_bytes = 64, .fields = 8};

void check_request(const Request& request) {
  FUZZ_CHECK(is_token(request.method_text));
  FUZZ_CHECK(request.path.starts_with("/") ||
             (request.path == "*" && request.method == Method::kOptions));
  FUZZ_CHECK(consists_of(CharClass::kTarget, request.path + request.query));
  FUZZ_CHECK(request.headers.size() <= kLimits.fields);
  for (const auto& [name, value] : request.headers) {
    FUZZ_CHECK(is_token(name));
    FUZZ_CHECK(consists_of(CharClass::kFieldValue, value) && trim(value) == value);
  }
  const auto hosts = request.headers.find_all("Host");
  FUZZ_CHECK(hosts.size() == 1 || (hosts.empty() && request.version_minor == 0));
  FUZZ_CHECK(hosts.empty() || hosts.front().empty() || is_authority(hosts.front()));

  const auto lengths = request.headers.find_all("Content-Length");
  const auto codings = request.headers.find_all("Transfer-Encoding");
  FUZZ_CHECK(lengths.size() + codings.size() <= 1);
  FUZZ_CHECK((request.framing.kind == Framing::Kind::kLength) == !lengths.empty());
  FUZZ_CHECK((request.framing.kind == Framing::Kind::kChunked) == !codings.empty());
}

/// The head that says the same in the plainest form: what a proxy would send on.
std::string written(const Request& request) {
  std::string text = request.method_text + " " + request.path;
  if (!request.query.empty()) text += "?" + request.query;
  text += " HTTP/1." + std::to_string(request.version_minor) + "\r\n";
  for (const auto& [name, value] : request.headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text + "\r\n";
}

/// Written again and read again, it is the same request, to its last byte: two
/// readers in a row cannot take it for two different ones.
void check_rewritten(const Request& request) {
  const HeadLimits generous;
  const std::string text = written(request);
  const HeadOutcome again = parse_head(text + "GET / HTTP/1.1\r\n", generous);
  const auto* head = std::get_if<ParsedHead>(&again);
  FUZZ_CHECK(head != nullptr && head->consumed == text.size());
  FUZZ_CHECK(describe(again) == describe(ParsedHead{request, text.size()}));
}

void run(std::string_view bytes) {
  const HeadOutcome whole = parse_head(bytes, kLimits);
  for (std::size_t cut = 0; cut < bytes.size() && cut <= kLimits.bytes + 1; ++cut) {
    FUZZ_CHECK(is_consistent(parse_head(bytes.substr(0, cut), kLimits), cut, whole));
  }
  if (const auto* head = std::get_if<ParsedHead>(&whole)) {
    FUZZ_CHECK(head->consumed <= bytes.size() && head->consumed <= kLimits.bytes);
    check_request(head->request);
    check_rewritten(head->request);
  }
}

}  // namespace
}  // namespace shale::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::http::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
