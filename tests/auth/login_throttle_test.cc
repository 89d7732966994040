#include "auth/login_throttle.h"

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

TEST_CASE("LoginThrottle: a few slips cost nothing, then each one doubles the wait") {
  LoginThrottle throttle;
  for (int i = 0; i < 4; ++i)
    throttle.failed("10.0.0.1", "alice", kNow);
  CHECK_FALSE(throttle.wait_of_stranger("10.0.0.1", "alice", kNow));
  throttle.failed("10.0.0.1", "alice", kNow);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow) == 1s);
  CHECK(throttle.wait_of_pair("10.0.0.1", "alice", kNow) == 1s);
  throttle.failed("10.0.0.1", "alice", kNow);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow) == 2s);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow + 1500ms) == 1s);
  CHECK_FALSE(throttle.wait_of_stranger("10.0.0.1", "alice", kNow + 2s));
  for (int i = 0; i < 1000; ++i)
    throttle.failed("10.0.0.1", "alice", kNow);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow) == 60s);
}

TEST_CASE("LoginThrottle: nobody locks a user out from another address") {
  LoginThrottle throttle;
  for (int i = 0; i < 1000; ++i)
    throttle.failed("10.0.0." + std::to_string(i % 200), "alice", kNow);
  CHECK_FALSE(throttle.wait_of_stranger("192.0.2.1", "alice", kNow));
  CHECK(throttle.wait_of_stranger("10.0.0.7", "alice", kNow) == 60s);
  throttle.failed("192.0.2.2", "bob", kNow);
  CHECK(throttle.wait_of_stranger("192.0.2.2", "alice", kNow) == 60s);
  CHECK_FALSE(throttle.wait_of_pair("192.0.2.2", "alice", kNow));
}

TEST_CASE("LoginThrottle: an address that tries many names has to wait with all of them") {
  LoginThrottle throttle;
  for (int i = 0; i < 40; ++i)
    throttle.failed("10.0.0.1", "user" + std::to_string(i), kNow);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow));
  CHECK_FALSE(throttle.wait_of_pair("10.0.0.1", "alice", kNow));
  CHECK(throttle.is_noisy("10.0.0.1", kNow));
  CHECK_FALSE(throttle.is_noisy("10.0.0.2", kNow));
}

TEST_CASE("LoginThrottle: success forgives the pair, and time forgives all") {
  LoginThrottle throttle;
  for (int i = 0; i < 10; ++i)
    throttle.failed("10.0.0.1", "alice", kNow);
  throttle.succeeded("10.0.0.1", "alice");
  CHECK_FALSE(throttle.wait_of_stranger("10.0.0.1", "alice", kNow));
  CHECK(throttle.is_noisy("10.0.0.1", kNow));
  CHECK_FALSE(throttle.is_noisy("10.0.0.1", kNow + 11min));
}

TEST_CASE("LoginThrottle: a flood of names keeps what matters and stays bounded") {
  LoginThrottle throttle({.most = 100});
  for (int i = 0; i < 10; ++i)
    throttle.failed("10.0.0.1", "alice", kNow);
  for (int i = 0; i < 1000; ++i)
    throttle.failed("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250),
                    "user" + std::to_string(i), kNow);
  CHECK(throttle.wait_of_stranger("10.0.0.1", "alice", kNow));
}

TEST_CASE("LoginThrottle: of an IPv6 address the network counts") {
  CHECK(party_of("10.0.0.1") == "10.0.0.1");
  CHECK(party_of("2001:db8:1:2:3:4:5:6") == party_of("2001:db8:1:2::1"));
  CHECK(party_of("2001:db8:1:2::1") != party_of("2001:db8:1:3::1"));
  CHECK(party_of("::ffff:10.0.0.1") != party_of("::ffff:10.0.0.2"));
  CHECK(party_of("") == "");
}

}  // namespace
}  // namespace shale::auth
