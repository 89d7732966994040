// What one connection may do before the others of its worker get their turn.

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/net/server_fixture.h"

namespace shale::testing {
namespace {

constexpr std::string_view kGet = "GET /point HTTP/1.1\r\nHost: t\r\n\r\n";
constexpr std::string_view kPlanned = "GET /planned HTTP/1.1\r\nHost: t\r\n\r\n";

std::string times(int count, std::string_view request) {
  std::string all;
  while (count-- > 0)
    all += request;
  return all;
}

int planned(WireClient& client) {
  const auto response = client.exchange(kPlanned);
  REQUIRE(response);
  return std::stoi(response->body);
}

TEST_CASE("Fairness: who has sent many requests ahead does not keep others waiting for them") {
  constexpr int kAhead = 2000;
  RunningServer running;
  auto eager = running.client();
  auto elsewhere = running.client();  // connections go to the two workers in turn
  auto modest = running.client();
  elsewhere.exchange(kGet);
  modest.exchange(kGet);

  eager.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
  running.application.gate.await_visitor();
  eager.send(times(kAhead, kGet));
  modest.send(kPlanned);
  running.application.gate.open();
  CHECK(std::stoi(modest.read_response()->body) < kAhead / 4);
  for (int i = 0; i <= kAhead; ++i)
    REQUIRE(eager.read_response());
}

TEST_CASE("Fairness: who never stops sending gets no more turns with time") {
  RunningServer running;
  auto eager = running.client();
  auto elsewhere = running.client();
  auto modest = running.client();
  elsewhere.exchange(kGet);

  std::atomic<bool> enough = false;
  std::atomic<bool> sent = false;
  std::jthread sending([&] {
    const std::string requests = times(1000, kGet);
    while (!enough && eager.send(requests)) {
    }
    sent = true;
  });
  std::jthread reading([&] {
    while (!sent) {
      if (eager.read_some(1 << 13).empty()) std::this_thread::yield();
    }
  });
  while (running.application.planned < 50'000)
    std::this_thread::yield();

  // Not the most of them, because this thread may have to wait as well.
  std::vector<int> between(51);
  for (int& count : between) {
    const int before = planned(modest);
    count = planned(modest) - before;
  }
  std::ranges::nth_element(between, between.begin() + 25);
  CHECK(between[25] < 400);
  enough = true;
}

}  // namespace
}  // namespace shale::testing
