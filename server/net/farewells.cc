#include "server/net/farewells.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace shale::net {

void Farewells::add(UniqueFd socket, SteadyTime now) {
  if (leaving_.size() == kMost) leaving_.pop_front();
  leaving_.push_back({std::move(socket), now + kTime});
}

void Farewells::watch(std::vector<::pollfd>& sockets) const {
  for (const Leaving& leaving : leaving_)
    sockets.push_back({leaving.socket.get(), POLLIN, 0});
}

void Farewells::tend(SteadyTime now) {
  std::erase_if(leaving_,
                [now](Leaving& leaving) { return now >= leaving.until || has_left(leaving); });
}

bool Farewells::has_left(Leaving& leaving) {
  std::array<std::byte, 16'384> dropped;
  while (leaving.bytes < kMostBytes) {
    const ::ssize_t got =
        ::recv(leaving.socket.get(), dropped.data(), dropped.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    leaving.bytes += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace shale::net
