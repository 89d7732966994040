#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/etag.h"
#include "server/http/forwarded.h"
#include "server/http/grammar.h"
#include "server/http/ip_network.h"
#include "server/http/media_type.h"
#include "server/http/response_head.h"
#include "server/http/uri.h"
#include "tests/fuzz/fuzz.h"

namespace shale::http {
namespace {

void check_forwarded(std::string_view value) {
  TrustedProxies trusted;
  if (const auto network = IpNetwork::parse("10.0.0.0/8")) trusted.networks.push_back(*network);
  for (const std::string_view name :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Host"}) {
    Request request;
    request.peer.address = "10.0.0.1";
    request.headers.add(std::string(name), std::string(value));
    const ClientView view = client_view(request, trusted);
    FUZZ_CHECK(view.scheme == "http" || view.scheme == "https");
    FUZZ_CHECK(view.host.empty() || is_authority(view.host));
    FUZZ_CHECK(IpAddress::parse(view.address));
  }
}

void check_preconditions(std::string_view value) {
  Headers headers;
  headers.add("If-None-Match", std::string(value));
  headers.add("If-Range", std::string(value));
  // A strong match of one field must also be a match of the weaker comparison.
  if (if_range_passes(headers, "tag")) FUZZ_CHECK(!if_none_match_passes(headers, "tag"));
}

void check_response(std::string_view value) {
  Response response;
  response.headers.add("Location", std::string(value));
  const std::string head = serialize_head(response, true, 1, "");
  const std::string_view frame = "HTTP/1.1 200 OK\r\nLocation: \r\nContent-Length: 0\r\n\r\n";
  FUZZ_CHECK(head.size() == frame.size() + value.size());
  const std::size_t begin = frame.find("\r\nContent");
  FUZZ_CHECK(
      consists_of(CharClass::kFieldValue, std::string_view(head).substr(begin, value.size())));
}

void run(std::string_view value) {
  check_forwarded(value);
  check_preconditions(value);
  check_response(value);
  if (const auto type = media_type_of(value)) {
    FUZZ_CHECK(media_type_of(*type) == type);
    FUZZ_CHECK(type->find_first_of("; ,\"") == std::string_view::npos);
  }
  if (const auto network = IpNetwork::parse(value)) {
    const auto base = IpAddress::parse(value.substr(0, value.find('/')));
    FUZZ_CHECK(base && IpAddress::parse(base->str()) == base);
  }
}

}  // namespace
}  // namespace shale::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::http::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
