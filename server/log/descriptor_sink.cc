#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "server/log/logger.h"

namespace shale::log {

namespace {

enum class Readiness : std::uint8_t { kReady, kNotYet };

/// An error counts as ready: the write that follows tells which.
Readiness wait_writable(int descriptor) {
  constexpr int kPatience = 1000;  // milliseconds
  pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return poll(&waiting, 1, kPatience) == 1 ? Readiness::kReady : Readiness::kNotYet;
}

/// A pipe that polls writable takes this much without blocking (POSIX, write),
/// so a reader that stopped reading cannot hold up the end of the program.
constexpr std::size_t kPiece = PIPE_BUF;

}  // namespace

Sink descriptor_sink(int descriptor, std::function<void()> lost) {
  return [descriptor, lost = std::move(lost)](std::string_view lines, const std::stop_token& stop) {
    while (!lines.empty()) {
      if (wait_writable(descriptor) == Readiness::kNotYet) {
        if (!stop.stop_requested()) continue;
        if (lost) lost();
        return;
      }
      const ssize_t written = write(descriptor, lines.data(), std::min(lines.size(), kPiece));
      if (written >= 0) {
        lines.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR && errno != EAGAIN) {
        if (lost) lost();
        return;
      }
    }
  };
}

}  // namespace shale::log
