#include "server/net/connection_limit.h"

#include <vector>

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

TEST_CASE("ConnectionLimit: counts in all and for each address, and frees with the slot") {
  net::ConnectionLimit limit(3, 2);
  auto first = limit.acquire("192.0.2.1");
  auto second = limit.acquire("192.0.2.1");
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(limit.acquire("192.0.2.1"));

  auto other = limit.acquire("192.0.2.2");
  REQUIRE(other);
  CHECK_FALSE(limit.acquire("192.0.2.3"));
  CHECK(limit.open() == 3);

  other.reset();
  second.reset();
  CHECK(limit.open() == 1);
  CHECK(limit.acquire("192.0.2.1"));
}

TEST_CASE("ConnectionLimit: unix sockets have no address to be limited by") {
  net::ConnectionLimit limit(10, 1);
  const auto first = limit.acquire("");
  const auto second = limit.acquire("");
  CHECK(first);
  CHECK(second);
}

TEST_CASE("ConnectionLimit: clients that use it up keep nobody out who looks after the server") {
  using net::Door;
  net::ConnectionLimit limit(1, 1);
  const auto client = limit.acquire("192.0.2.1");
  CHECK_FALSE(limit.acquire("192.0.2.1"));
  std::vector<net::ConnectionLimit::Slot> scrapes;
  for (std::size_t i = 0; i < net::ConnectionLimit::kOwnPlaces; ++i) {
    auto scrape = limit.acquire("192.0.2.1", Door::kMetrics);
    REQUIRE(scrape);
    scrapes.push_back(*std::move(scrape));
  }
  CHECK_FALSE(limit.acquire("192.0.2.9", Door::kMetrics));
  CHECK(limit.acquire("", Door::kControl));
  scrapes.pop_back();
  CHECK(limit.acquire("192.0.2.9", Door::kMetrics));
  CHECK(limit.open() == net::ConnectionLimit::kOwnPlaces);  // the client, and one scrape less
}

TEST_CASE("ConnectionLimit: a changed limit counts for those who come, and forgets nobody") {
  net::ConnectionLimit limit(3, 0);
  auto first = limit.acquire("a");
  auto second = limit.acquire("a");
  REQUIRE(second);
  limit.adjust(3, 1);
  {
    const auto third = limit.acquire("a");  // those before it were not counted for their address
    REQUIRE(third);
    CHECK_FALSE(limit.acquire("a"));
  }
  limit.adjust(2, 0);
  CHECK_FALSE(limit.acquire("b"));
  first.reset();
  CHECK(limit.acquire("b"));
  CHECK(limit.open() == 1);
}

}  // namespace
}  // namespace shale::testing
