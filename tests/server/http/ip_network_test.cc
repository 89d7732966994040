#include "server/http/ip_network.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  REQUIRE(parsed);
  return parsed.value_or(IpAddress());
}

bool contains(std::string_view network, std::string_view member) {
  const auto parsed = IpNetwork::parse(network);
  REQUIRE(parsed);
  return parsed.value_or(IpNetwork()).contains(address(member));
}

TEST_CASE("IpAddress: v4 and its v4-mapped form are the same") {
  CHECK(IpAddress::parse("192.0.2.1") == IpAddress::parse("::ffff:192.0.2.1"));
  CHECK(address("::ffff:c000:201").str() == "192.0.2.1");
  CHECK(address("2001:DB8:0::1").str() == "2001:db8::1");
  CHECK(address("192.0.2.1").is_v4());
  CHECK_FALSE(address("::1").is_v4());
}

TEST_CASE("IpAddress: anything else is refused") {
  for (const std::string_view text :
       {"", "a", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "[::1]",
        "::1%eth0", ":::", "1.2.3.4:80", "12345::"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST_CASE("IpNetwork: a prefix decides, to the bit") {
  struct Row {
    std::string_view network, address;
    bool inside;
  };
  const std::vector<Row> table = {
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3/8", "10.9.9.9", true},
      {"192.168.4.0/22", "192.168.7.255", true},
      {"192.168.4.0/22", "192.168.8.0", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.1/32", "::ffff:192.0.2.1", true},
      {"::ffff:10.0.0.0/104", "10.1.1.1", true},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "203.0.113.9", false},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"::1", "::1", true},
      {"::1/128", "::2", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
  };
  for (const Row& row : table) {
    CAPTURE(row.network);
    CAPTURE(row.address);
    CHECK(contains(row.network, row.address) == row.inside);
  }
}

TEST_CASE("IpNetwork: malformed networks are refused") {
  for (const std::string_view text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/8 ",
        "10.0.0/8", "::/129", "a/8", "localhost"}) {
    CAPTURE(text);
    CHECK_FALSE(IpNetwork::parse(text));
  }
}

}  // namespace
}  // namespace shale::http
