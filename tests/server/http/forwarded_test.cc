#include "server/http/forwarded.h"

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "server/http/uri.h"

namespace shale::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

IpNetwork network(std::string_view text) {
  const auto parsed = IpNetwork::parse(text);
  REQUIRE(parsed);
  return parsed.value_or(IpNetwork());
}

/// 10.0.0.0/8 and fd00::/8 are proxies.
TrustedProxies proxies(ForwardedFields fields = ForwardedFields::kEither) {
  return {.networks = {network("10.0.0.0/8"), network("fd00::/8")},
          .unix_sockets = true,
          .fields = fields};
}

Request from(std::string peer, const Fields& fields) {
  Request request;
  request.peer.address = std::move(peer);
  request.headers.add("Host", "backend:5000");
  for (const auto& [name, value] : fields)
    request.headers.add(name, value);
  return request;
}

/// "scheme host address"
std::string seen(const Request& request, const TrustedProxies& trusted = proxies()) {
  const ClientView view = client_view(request, trusted);
  return view.scheme + " " + view.host + " " + view.address;
}

struct Row {
  std::string_view why;
  Fields fields;
  std::string_view expected;
};

void check_from_proxy(const std::vector<Row>& table) {
  for (const Row& row : table) {
    CAPTURE(row.why);
    CHECK(seen(from("10.0.0.1", row.fields)) == row.expected);
  }
}

TEST_CASE("client_view: without proxies it is the connection itself") {
  CHECK(seen(from("192.0.2.7", {})) == "http backend:5000 192.0.2.7");
  Request tls = from("192.0.2.7", {});
  tls.peer.tls = true;
  CHECK(seen(tls) == "https backend:5000 192.0.2.7");
  CHECK(seen(from("fe80::1", {})) == "http backend:5000 fe80::1");
}

TEST_CASE("client_view: a stranger's fields count for nothing") {
  CHECK(seen(from("192.0.2.7", {{"X-Forwarded-For", "1.1.1.1"},
                                {"X-Forwarded-Proto", "https"},
                                {"X-Forwarded-Host", "evil"},
                                {"Forwarded", "for=1.1.1.1;proto=https;host=evil"}})) ==
        "http backend:5000 192.0.2.7");
}

TEST_CASE("client_view: a unix socket is trusted by its flag") {
  Request request = from("", {{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}});
  request.peer.unix_socket = true;
  CHECK(seen(request) == "https backend:5000 192.0.2.7");
  TrustedProxies trusted = proxies();
  trusted.unix_sockets = false;
  CHECK(seen(request, trusted) == "http backend:5000 ");
}

TEST_CASE("client_view: X-Forwarded fields of one trusted proxy") {
  check_from_proxy({
      {"all three",
       {{"X-Forwarded-For", "192.0.2.7"},
        {"X-Forwarded-Proto", "https"},
        {"X-Forwarded-Host", "r"}},
       "https r 192.0.2.7"},
      {"no address",
       {{"X-Forwarded-Proto", "HTTPS"}, {"X-Forwarded-Host", "r:443"}},
       "https r:443 10.0.0.1"},
      {"IPv6", {{"X-Forwarded-For", "2001:db8::1"}}, "http backend:5000 2001:db8::1"},
      {"IPv6 with port",
       {{"X-Forwarded-For", "[2001:db8::1]:443"}},
       "http backend:5000 2001:db8::1"},
      {"IPv4 with port", {{"X-Forwarded-For", "192.0.2.7:443"}}, "http backend:5000 192.0.2.7"},
  });
}

TEST_CASE("client_view: the address is the rightmost that is no proxy") {
  check_from_proxy({
      {"the client lies in front",
       {{"X-Forwarded-For", "1.1.1.1, 192.0.2.7"}},
       "http backend:5000 192.0.2.7"},
      {"through two proxies",
       {{"X-Forwarded-For", "1.1.1.1, 192.0.2.7, 10.0.0.2"}},
       "http backend:5000 192.0.2.7"},
      {"over two lines",
       {{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-For", "10.0.0.2"}},
       "http backend:5000 192.0.2.7"},
      {"proxies only", {{"X-Forwarded-For", "10.0.0.3, fd00::2"}}, "http backend:5000 10.0.0.3"},
      {"garbage ends what is believed",
       {{"X-Forwarded-For", "192.0.2.7, x, 10.0.0.2"}},
       "http backend:5000 10.0.0.2"},
      {"unknown", {{"X-Forwarded-For", "unknown"}}, "http backend:5000 10.0.0.1"},
  });
}

TEST_CASE("client_view: scheme and host lists are read beside the addresses") {
  check_from_proxy({
      {"as long as the addresses",
       {{"X-Forwarded-For", "1.1.1.1, 192.0.2.7, 10.0.0.2"},
        {"X-Forwarded-Proto", "http, https, http"},
        {"X-Forwarded-Host", "evil, good, inner"}},
       "https good 192.0.2.7"},
      {"of another length only the last counts",
       {{"X-Forwarded-For", "192.0.2.7"},
        {"X-Forwarded-Proto", "http, https"},
        {"X-Forwarded-Host", "evil, good"}},
       "https good 192.0.2.7"},
  });
}

TEST_CASE("client_view: Forwarded") {
  check_from_proxy({
      {"all",
       {{"Forwarded", "for=192.0.2.7;proto=https;host=r.example"}},
       "https r.example 192.0.2.7"},
      {"names without case, quoted values, blanks",
       {{"Forwarded", R"(For="[2001:db8::1]:80" ; PROTO=HTTPS; Host="r:443";by=_x)"}},
       "https r:443 2001:db8::1"},
      {"a quoted comma and an escape", {{"Forwarded", R"(x="a,b\"c";host=r)"}}, "http r 10.0.0.1"},
      {"the outermost trusted hop wins",
       {{"Forwarded",
         "for=1.1.1.1;host=evil, for=192.0.2.7;proto=https;host=r, for=10.0.0.2;host=i"}},
       "https r 192.0.2.7"},
      {"what it leaves out, the next one inwards tells",
       {{"Forwarded", "for=192.0.2.7, for=10.0.0.2;proto=https;host=r"}},
       "https r 192.0.2.7"},
      {"over two lines",
       {{"Forwarded", "for=192.0.2.7;host=r"}, {"Forwarded", "for=10.0.0.2"}},
       "http r 192.0.2.7"},
      {"obfuscated", {{"Forwarded", "for=_hidden;proto=https"}}, "https backend:5000 10.0.0.1"},
  });
}

TEST_CASE("client_view: a malformed Forwarded counts as not sent") {
  for (const std::string value :
       {"for", "for=", "=a", "for=\"a", "for=\"a\\", "for=192.0.2.7;", "for=192.0.2.7,",
        ";for=192.0.2.7", "for=192.0.2.7 proto=https", "for=192.0.2.7;for=192.0.2.8",
        "for = 192.0.2.7", "for=192.0.2.7;host=a b", "proto=https;;host=r"}) {
    CAPTURE(value);
    CHECK(seen(from("10.0.0.1", {{"Forwarded", value}})) == "http backend:5000 10.0.0.1");
  }
}

TEST_CASE("client_view: values that would be unsafe in a URI are dropped") {
  for (const std::string host :
       {"a/b", "a@b", "a b", "a\"b", "a#", "a?b", "a:99999", "[::1", "<a>"}) {
    CAPTURE(host);
    CHECK(seen(from("10.0.0.1", {{"X-Forwarded-Host", host}})) == "http backend:5000 10.0.0.1");
    CHECK(seen(from("10.0.0.1", {{"Forwarded", "host=\"" + host + "\""}})) ==
          "http backend:5000 10.0.0.1");
  }
  CHECK(seen(from("10.0.0.1", {{"X-Forwarded-Proto", "javascript"}})) ==
        "http backend:5000 10.0.0.1");
  Request unsafe = from("192.0.2.7", {});
  unsafe.headers.set("Host", "a/b");
  CHECK(seen(unsafe) == "http  192.0.2.7");
}

TEST_CASE("client_view: a configured kind of field shuts the other out") {
  const Request request = from("10.0.0.1", {{"X-Forwarded-Host", "x"}, {"Forwarded", "host=f"}});
  CHECK(seen(request, proxies(ForwardedFields::kXForwarded)) == "http x 10.0.0.1");
  CHECK(seen(request, proxies(ForwardedFields::kForwarded)) == "http f 10.0.0.1");
  CHECK(seen(request, proxies(ForwardedFields::kEither)) == "http x 10.0.0.1");
  CHECK(seen(from("10.0.0.1", {{"Forwarded", "host=f"}}), proxies(ForwardedFields::kXForwarded)) ==
        "http backend:5000 10.0.0.1");
}

TEST_CASE("client_view: whatever a proxy sends, scheme and host stay safe") {
  std::mt19937 random(21);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  const std::vector<std::string_view> words = {"for", "=",  "host", "proto", "https",    "10.0.0.2",
                                               ",",   ";",  "\"",   "\\",    " ",        "[::1]",
                                               "a",   "\t", ":80",  "\x80",  "192.0.2.7"};
  for (int round = 0; round < 20000; ++round) {
    std::string value;
    for (auto length = random() % 14; length > 0; --length)
      value += words[random() % words.size()];
    const std::string name = round % 2 == 0 ? "Forwarded" : "X-Forwarded-Host";
    CAPTURE(value);
    const ClientView view = client_view(from("10.0.0.1", {{name, value}}), proxies());
    CHECK((view.scheme == "http" || view.scheme == "https"));
    CHECK(is_authority(view.host));
    CHECK(IpAddress::parse(view.address));
  }
}

}  // namespace
}  // namespace shale::http
