#include "server/net/listen_address.h"

#include <stdexcept>

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

TEST_CASE("listen_on: port 0 gives a free port and says which") {
  const auto listening = net::listen_on("127.0.0.1:0");
  REQUIRE(listening.size() == 1);
  CHECK(listening.front().address.starts_with("127.0.0.1:"));
  CHECK_FALSE(listening.front().address.ends_with(":0"));
}

TEST_CASE("listen_on: an address in use is refused with words") {
  const auto first = net::listen_on("127.0.0.1:0");
  try {
    net::listen_on(first.front().address);
    FAIL("bound twice");
  } catch (const std::runtime_error& error) {
    const std::string words = error.what();
    CHECK(words.find(first.front().address) != std::string::npos);
    CHECK(words.find("another process") != std::string::npos);
  }
}

TEST_CASE("listen_on: what cannot be an address is refused") {
  for (const std::string_view address :
       {"no-port", "127.0.0.1:http-alt-no-such", "unix:", "203.0.113.7:0"}) {
    CAPTURE(address);
    CHECK_THROWS_AS(net::listen_on(address), std::runtime_error);
  }
}

}  // namespace
}  // namespace shale::testing
