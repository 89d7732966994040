#include "auth/token_gate.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

const Time kNow{std::chrono::seconds(1'700'000'000)};

void fail(TokenGate& gate, std::string_view address, int times, Time now = kNow) {
  for (int i = 0; i < times; ++i)
    gate.failed(address, now);
}

TEST_CASE("TokenGate: whoever sent few bad tokens has as many verified as they like") {
  TokenGate gate;
  fail(gate, "192.0.2.1", 29);
  std::vector<TokenGate::Pass> inside;
  for (int i = 0; i < 1000; ++i) {
    auto pass = gate.enter("192.0.2.1", kNow);
    REQUIRE(pass);
    inside.push_back(*std::move(pass));
  }
}

TEST_CASE("TokenGate: whoever sent many has two at a time, and others are not held up") {
  TokenGate gate;
  fail(gate, "192.0.2.1", 30);
  auto first = gate.enter("192.0.2.1", kNow);
  auto second = gate.enter("192.0.2.1", kNow);
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(gate.enter("192.0.2.1", kNow));
  CHECK(gate.enter("192.0.2.2", kNow));
  first.reset();
  CHECK(gate.enter("192.0.2.1", kNow));
}

TEST_CASE("TokenGate: many such addresses together have a bound, too") {
  TokenGate gate;
  std::vector<TokenGate::Pass> inside;
  for (int i = 0; i < 20; ++i) {
    const std::string address = "192.0.2." + std::to_string(i);
    fail(gate, address, 30);
    for (int k = 0; k < 2; ++k) {
      if (auto pass = gate.enter(address, kNow)) inside.push_back(*std::move(pass));
    }
  }
  CHECK(inside.size() == 8);
}

TEST_CASE("TokenGate: a quiet minute forgets, and IPv6 counts by its /64") {
  TokenGate gate;
  fail(gate, "2001:db8::1", 30);
  auto first = gate.enter("2001:db8::2", kNow);
  auto second = gate.enter("2001:db8::3", kNow);
  CHECK_FALSE(gate.enter("2001:db8::4", kNow));
  CHECK(gate.enter("2001:db8::4", kNow + std::chrono::seconds(61)));
  fail(gate, "2001:db8::1", 1, kNow + std::chrono::seconds(61));
  CHECK(gate.enter("2001:db8::4", kNow + std::chrono::seconds(61)));
}

TEST_CASE("TokenGate: a pass may outlive its gate, and many addresses take bounded memory") {
  std::optional<TokenGate::Pass> pass;
  {
    TokenGate gate({.most = 4});
    for (int i = 0; i < 100; ++i)
      fail(gate, "192.0.2." + std::to_string(i), 1);
    fail(gate, "192.0.2.1", 30);
    pass = gate.enter("192.0.2.1", kNow);
  }
  CHECK(pass);
}

}  // namespace
}  // namespace shale::auth
