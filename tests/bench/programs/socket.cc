#include "tests/bench/programs/socket.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shale::bench {
namespace {

constexpr std::string_view kSecure = "https://";

sockaddr_in parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in parsed{};
  parsed.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &parsed.sin_addr) != 1) {
    die(address + " is not an IPv4 address and a port");
  }
  parsed.sin_port = htons(static_cast<std::uint16_t>(number(address.c_str() + colon + 1)));
  return parsed;
}

Socket open_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    die_of_errno("socket");
  }
  return Socket(fd);
}

// Requests are sent in pieces; none of them may wait for the acknowledgement of the one before.
void send_at_once(int fd) {
  const int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    die_of_errno("TCP_NODELAY");
  }
}

}  // namespace

void die(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::_Exit(1);
}

void die_of_errno(std::string_view what) {
  die(std::string(what) + ": " + std::generic_category().message(errno));
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  if (const auto [stop, error] = std::from_chars(text, end, value);
      error != std::errc{} || stop != end) {
    die(std::string(text) + " is not a number");
  }
  return value;
}

std::string host_of(const std::string& address) {
  return address.starts_with(kSecure) ? address.substr(kSecure.size()) : address;
}

Socket::Socket(int fd) : fd_(fd) {}

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::move(other.tls_)) {}

Socket::~Socket() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Socket Socket::connect(const std::string& address, ssl_session_st* session) {
  const sockaddr_in peer = parse_address(host_of(address));
  Socket socket = open_socket();
  if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    die_of_errno("connect to " + address);
  }
  send_at_once(socket.fd_);
  if (address.starts_with(kSecure)) {
    socket.tls_ = std::make_unique<Tls>(socket.fd_, session);
  }
  return socket;
}

Socket Socket::listen(const std::string& address) {
  const sockaddr_in own = parse_address(address);
  Socket socket = open_socket();
  const int on = 1;
  setsockopt(socket.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
      ::listen(socket.fd_, SOMAXCONN) != 0) {
    die_of_errno("listen on " + address);
  }
  return socket;
}

Socket Socket::accept() const {
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) {
    die_of_errno("accept");
  }
  send_at_once(fd);
  return Socket(fd);
}

void Socket::send(std::string_view bytes) const {
  if (tls_) {
    tls_->send(bytes);
    return;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      die_of_errno("send");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Socket::send_file(int file, std::uint64_t offset, std::uint64_t length) const {
  if (tls_) {
    die("files are sent in the clear only");
  }
  auto position = static_cast<off_t>(offset);
  while (length > 0) {
    const ssize_t sent = ::sendfile(fd_, file, &position, length);
    if (sent <= 0) {
      die_of_errno("sendfile");
    }
    length -= static_cast<std::uint64_t>(sent);
  }
}

std::size_t Socket::receive(char* buffer, std::size_t size) const {
  if (tls_) {
    return tls_->receive(buffer, size);
  }
  const ssize_t received = ::recv(fd_, buffer, size, 0);
  if (received < 0) {
    die_of_errno("receive");
  }
  return static_cast<std::size_t>(received);
}

std::size_t Socket::discard(std::size_t size) const {
  if (tls_) {
    return tls_->discard();
  }
  // The kernel writes nothing to the buffer, which need not exist.
  const ssize_t received = ::recv(fd_, nullptr, size, MSG_TRUNC);
  if (received < 0) {
    die_of_errno("receive");
  }
  return static_cast<std::size_t>(received);
}

}  // namespace shale::bench
