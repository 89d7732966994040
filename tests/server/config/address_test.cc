#include "server/config/address.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

namespace shale::config {
namespace {

ListenAddress address(std::string_view text) {
  const auto parsed = parse_listen_address(text);
  REQUIRE_MESSAGE(std::holds_alternative<ListenAddress>(parsed), std::string(text));
  return std::get<ListenAddress>(parsed);
}

template <class T>
std::string why(const Parsed<T>& parsed) {
  const auto* wrong = std::get_if<Wrong>(&parsed);
  return wrong != nullptr ? wrong->why : "nothing is wrong";
}

TEST_CASE("ListenAddress: every form is understood and printed again") {
  CHECK(address("127.0.0.1:5000") == ListenAddress{.host = "127.0.0.1", .port = 5000, .path = {}});
  CHECK(address("[::1]:5000") == ListenAddress{.host = "::1", .port = 5000, .path = {}});
  CHECK(address(":5000") == ListenAddress{.host = {}, .port = 5000, .path = {}});
  CHECK(address("localhost:0") == ListenAddress{.host = "localhost", .port = 0, .path = {}});
  CHECK(address("unix:/run/shale.sock") ==
        ListenAddress{.host = {}, .port = 0, .path = "/run/shale.sock"});

  CHECK(address("https://[::1]:5000") ==
        ListenAddress{.host = "::1", .port = 5000, .path = {}, .tls = true});

  for (const std::string_view text :
       {"127.0.0.1:65535", "[fe80::1]:1", ":0", "registry.example.com:443", "unix:/a b:c",
        "https://127.0.0.1:443", "https://[fe80::1]:1", "https://:0", "https://a.example:443"}) {
    CHECK(address(text).str() == text);
  }
}

TEST_CASE("ListenAddress: what is no address is refused with a word on what to write") {
  const auto refused = [](std::string_view text) { return why(parse_listen_address(text)); };
  const std::string forms =
      " is not an address: write host:port, [IPv6]:port, :port or unix:/path, with https:// before "
      "a host or port for TLS";
  for (const std::string text :
       {"", "5000", "localhost", "a b:1", "1.2.3:5", "1.2.3.4.5:6", "[::1:5", "[localhost]:5",
        "[1.2.3.4]:5", "[]:5", "http://x:5", "[::1]"}) {
    CHECK(refused(text) == '"' + text + '"' + forms);
  }
  for (const auto& [text, port] : {std::pair{"a:", ""},
                                   {"a:b", "b"},
                                   {"a:65536", "65536"},
                                   {"a:-1", "-1"},
                                   {"a:+1", "+1"},
                                   {"a: 1", " 1"},
                                   {"a:1x", "1x"}}) {
    CHECK(refused(text) ==
          '"' + std::string(port) + "\" is not a port: write a number from 0 to 65535");
  }
}

TEST_CASE("ListenAddress: https:// goes once before a TCP address, and nowhere else") {
  CHECK(why(parse_listen_address("https://unix:/a")) ==
        "unix sockets speak no TLS: write unix:/path");
  CHECK(why(parse_listen_address("https://https://a:1")) ==
        "https:// stands twice before one address");
  CHECK(why(parse_listen_address("https://a")).starts_with("\"a\" is not an address"));
  CHECK(why(parse_listen_address("https://a:1/")).starts_with("\"1/\" is not a port"));
  CHECK(why(parse_listen_address("unix:https://a:1")).starts_with("the path of a unix socket"));
}

TEST_CASE("ListenAddress: an IPv6 address without brackets is called ambiguous") {
  CHECK(why(parse_listen_address("::1:5000")) ==
        "\"::1:5000\" is ambiguous: put an IPv6 address into brackets, [::1]:5000");
  CHECK(why(parse_listen_address("fe80::2:5000")) ==
        "\"fe80::2:5000\" is ambiguous: put an IPv6 address into brackets, [fe80::2]:5000");
}

TEST_CASE("ListenAddress: a unix socket needs an absolute path that fits") {
  CHECK(why(parse_listen_address("unix:shale.sock")) ==
        "the path of a unix socket must be absolute: write unix:/path");
  CHECK(why(parse_listen_address("unix:")) ==
        "the path of a unix socket must be absolute: write unix:/path");
  CHECK(address("unix:/" + std::string(106, 'x')).unix_socket());
  CHECK(why(parse_listen_address("unix:/" + std::string(107, 'x'))) ==
        "the path of a unix socket may have 107 bytes, this one has 108");
}

TEST_CASE("ListenAddress: only loopback, localhost and unix sockets are local") {
  for (const std::string_view text : {"127.0.0.1:1", "127.255.255.254:1", "[::1]:1", "localhost:1",
                                      "[::ffff:127.0.0.1]:1", "unix:/x"}) {
    CHECK_MESSAGE(address(text).local(), std::string(text));
  }
  for (const std::string_view text :
       {":1", "0.0.0.0:1", "[::]:1", "128.0.0.1:1", "126.255.255.255:1", "[::2]:1",
        "[::ffff:10.0.0.1]:1", "[::7f00:1]:1", "localhost.example.com:1", "registry:1"}) {
    CHECK_FALSE_MESSAGE(address(text).local(), std::string(text));
  }
}

TEST_CASE("Network: addresses and prefixes are taken as they are written") {
  for (const std::string_view text : {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::1",
                                      "fd00::/8", "::/0", "::1/128"}) {
    const auto parsed = Network::parse(text);
    REQUIRE_MESSAGE(std::holds_alternative<Network>(parsed), std::string(text));
    CHECK(std::get<Network>(parsed).str() == text);
  }
}

TEST_CASE("Network: what is none is refused with a word on what to write") {
  for (const std::string text : {"", "proxy", "10.0.0/8", "10.0.0.256", "/8", "[::1]"}) {
    CHECK(why(Network::parse(text)) == '"' + text +
                                           "\" is not a network: write an IP address, or a network "
                                           "such as 10.0.0.0/8 or fd00::/8");
  }
  for (const std::string text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    CHECK(why(Network::parse(text)) ==
          '"' + text + "\" has a wrong prefix length: write a number from 0 to 32");
  }
  CHECK(why(Network::parse("fd00::/129")) ==
        "\"fd00::/129\" has a wrong prefix length: write a number from 0 to 128");
}

}  // namespace
}  // namespace shale::config
