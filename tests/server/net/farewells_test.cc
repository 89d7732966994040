#include "server/net/farewells.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

using net::Farewells;

/// Two ends of a connection; ours is gone once it was added.
struct Ends {
  Ends() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    ours = net::UniqueFd(ends[0]);
    theirs = net::UniqueFd(ends[1]);
  }
  void send(std::size_t bytes) const {
    const std::string text(bytes, 'x');
    CHECK(::send(theirs.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
          static_cast<::ssize_t>(bytes));
  }
  bool closed() const {
    char byte = 0;
    return ::recv(theirs.get(), &byte, 1, 0) >= 0 || errno != EAGAIN;
  }

  net::UniqueFd ours;
  net::UniqueFd theirs;
};

constexpr Farewells::SteadyTime kNow{};

TEST_CASE("Farewells: a client may send for a while before it is closed") {
  Farewells farewells;
  Ends ends;
  farewells.add(std::move(ends.ours), kNow);
  std::vector<::pollfd> watched;
  farewells.watch(watched);
  CHECK(watched.size() == 1);
  ends.send(1'000);
  farewells.tend(kNow);
  CHECK_FALSE(ends.closed());

  SUBCASE("until it closes") {
    ends.theirs = {};
    farewells.tend(kNow);
  }
  SUBCASE("until its time is over") {
    farewells.tend(kNow + Farewells::kTime - std::chrono::milliseconds(1));
    CHECK_FALSE(ends.closed());
    farewells.tend(kNow + Farewells::kTime);
    CHECK(ends.closed());
  }
  SUBCASE("until it has sent too much") {
    for (std::size_t sent = 1'000; sent < Farewells::kMostBytes; sent += 32'000) {
      ends.send(32'000);
      farewells.tend(kNow);
    }
    CHECK(ends.closed());
  }
  CHECK(farewells.empty());
}

TEST_CASE("Farewells: the oldest goes when there are too many") {
  Farewells farewells;
  std::vector<Ends> all(Farewells::kMost + 1);
  for (Ends& ends : all)
    farewells.add(std::move(ends.ours), kNow);
  CHECK(all[0].closed());
  CHECK_FALSE(all[1].closed());
  CHECK_FALSE(all.back().closed());
}

}  // namespace
}  // namespace shale::testing
