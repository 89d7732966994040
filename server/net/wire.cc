#include "server/net/wire.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace shale::net {
namespace {

using Clock = std::chrono::steady_clock;

std::string reason_of(int error) {
  // What a socket with a limit says when that has passed.
  if (error == EAGAIN || error == EINPROGRESS) return "no answer in time";
  return std::generic_category().message(error);
}

/// Of sends, of receives and, on Linux, of `connect`.
void bound(int socket, std::chrono::milliseconds limit) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(limit);
  const ::timeval time{
      .tv_sec = static_cast<::time_t>(whole.count()),
      .tv_usec = static_cast<::suseconds_t>(std::chrono::microseconds(limit - whole).count())};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

std::chrono::microseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
}

struct FreeAddresses {
  void operator()(::addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<::addrinfo, FreeAddresses>;

/// As it stands in a URL.
std::string words_of(const ::addrinfo& address, const std::string& port) {
  std::string text(NI_MAXHOST, '\0');
  if (::getnameinfo(address.ai_addr, address.ai_addrlen, text.data(),
                    static_cast<::socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST) != 0) {
    text = "?";
  }
  text.resize(std::strlen(text.c_str()));
  return (address.ai_family == AF_INET6 ? '[' + text + ']' : text) + ':' + port;
}

class PlainWire final : public Wire {
 public:
  explicit PlainWire(UniqueFd socket) : socket_(std::move(socket)) {}

  Moved read(std::span<std::byte> into) override {
    return moved([&] { return ::recv(socket_.get(), into.data(), into.size(), 0); });
  }
  Moved write(std::string_view bytes) override {
    return moved([&] { return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  }

 private:
  template <class Call>
  static Moved moved(Call call) {
    ::ssize_t bytes = 0;
    do {
      bytes = call();
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0) return {.bytes = 0, .fault = reason_of(errno)};
    return {.bytes = static_cast<std::size_t>(bytes), .fault = {}};
  }

  UniqueFd socket_;
};

}  // namespace

std::variant<Dialed, std::string> dial_tcp(const std::string& host, const std::string& port,
                                           std::chrono::milliseconds limit) {
  ::addrinfo wish{};
  wish.ai_family = AF_UNSPEC;
  wish.ai_socktype = SOCK_STREAM;
  wish.ai_flags = AI_NUMERICSERV;
  Dialed dialed;
  const auto asked = Clock::now();
  ::addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &wish, &found);
  const Addresses all(found);
  dialed.resolving = since(asked);
  if (failed != 0) {
    return "the name " + host + " does not resolve: " +
           (failed == EAI_SYSTEM ? reason_of(errno) : std::string(::gai_strerror(failed)));
  }
  for (const ::addrinfo* one = all.get(); one != nullptr; one = one->ai_next) {
    dialed.address = words_of(*one, port);
    UniqueFd socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto begun = Clock::now();
    if (socket) bound(socket.get(), limit);
    if (socket && ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) {
      dialed.connecting = since(begun);
      dialed.socket = std::move(socket);
      return dialed;
    }
    dialed.deaf.push_back(dialed.address + ": " + reason_of(errno));
  }
  std::string why;
  for (const std::string& one : dialed.deaf)
    (why += why.empty() ? "" : ", ") += one;
  return why;
}

std::variant<Dialed, std::string> dial_unix(const std::string& path) {
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return "the path is too long for a unix socket";
  std::memcpy(name.sun_path, path.data(), path.size());
  Dialed dialed;
  dialed.address = path;
  dialed.socket = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto begun = Clock::now();
  if (!dialed.socket || ::connect(dialed.socket.get(), reinterpret_cast<const ::sockaddr*>(&name),
                                  sizeof name) != 0) {
    return reason_of(errno);
  }
  dialed.connecting = since(begun);
  return dialed;
}

std::unique_ptr<Wire> plain_wire(UniqueFd socket) {
  return std::make_unique<PlainWire>(std::move(socket));
}

}  // namespace shale::net
