#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

#include "server/net/unique_fd.h"

struct pollfd;  // NOLINT(readability-identifier-naming): of <poll.h>

namespace shale::net {

/// Connections that were answered and shut down without being served, until their
/// clients have read why: closing a socket while more arrives sends a reset, which can
/// destroy the answer on its way. Bounded in number, bytes and time. One thread.
class Farewells {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMost = 128;  ///< the oldest makes room
  static constexpr std::size_t kMostBytes = std::size_t{256} * 1024;
  static constexpr std::chrono::milliseconds kTime{2000};

  void add(UniqueFd socket, SteadyTime now);
  bool empty() const noexcept { return leaving_.empty(); }

  /// Adds what `poll` is to watch.
  void watch(std::vector<::pollfd>& sockets) const;
  /// Reads away what has come. Closes who has closed, sends too much or takes too long.
  void tend(SteadyTime now);

 private:
  struct Leaving {
    UniqueFd socket;
    SteadyTime until;
    std::size_t bytes = 0;
  };
  static bool has_left(Leaving& leaving);

  std::deque<Leaving> leaving_;  ///< in the order of `until`
};

}  // namespace shale::net
