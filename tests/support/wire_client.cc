#include "tests/support/wire_client.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace shale::testing {
namespace {

constexpr int kPatience = 10'000;  // milliseconds

net::UniqueFd connect_unix(std::string_view path) {
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  net::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<::sockaddr*>(&name), sizeof name) != 0) {
    throw std::runtime_error("connect " + std::string(path));
  }
  return socket;
}

void bind_to(int socket, std::string_view from) {
  ::sockaddr_in name{};
  name.sin_family = AF_INET;
  if (::inet_pton(AF_INET, std::string(from).c_str(), &name.sin_addr) != 1 ||
      ::bind(socket, reinterpret_cast<::sockaddr*>(&name), sizeof name) != 0) {
    throw std::runtime_error("bind to " + std::string(from));
  }
}

net::UniqueFd connect_tcp(std::string_view address, std::string_view from) {
  const auto colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  ::addrinfo* found = nullptr;
  if (::getaddrinfo(std::string(host).c_str(), std::string(address.substr(colon + 1)).c_str(),
                    &hints, &found) != 0) {
    throw std::runtime_error("resolve " + std::string(address));
  }
  net::UniqueFd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!from.empty()) bind_to(socket.get(), from);
  const bool connected = ::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0;
  ::freeaddrinfo(found);
  if (!connected) throw std::runtime_error("connect " + std::string(address));
  const int on = 1;  // a message in pieces must not wait for the server's acknowledgements
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

bool wait_for(int socket, short events) {
  ::pollfd watched{socket, events, 0};
  return ::poll(&watched, 1, kPatience) > 0;
}

}  // namespace

std::optional<WireResponse> take_response(std::string& received, WireBody body) {
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  WireResponse response;
  response.status = std::atoi(received.substr(9, 3).c_str());
  std::string_view lines = std::string_view(received).substr(0, end + 2);
  lines = lines.substr(lines.find("\r\n") + 2);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines = lines.substr(line.size() + 2);
    const auto colon = line.find(':');
    response.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  if (response.status == 100) {
    received.erase(0, end + 4);
    return take_response(received, body);
  }
  const bool bodiless = body == WireBody::kAbsent || response.status == 304;
  const std::size_t length =
      bodiless ? 0 : std::strtoul(response.header("Content-Length").c_str(), nullptr, 10);
  if (received.size() - end - 4 < length) return std::nullopt;
  response.body = received.substr(end + 4, length);
  received.erase(0, end + 4 + length);
  return response;
}

WireClient::WireClient(std::string_view address, std::string_view from)
    : socket_(address.starts_with("unix:") ? connect_unix(address.substr(5))
                                           : connect_tcp(address, from)) {}

bool WireClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for(socket_.get(), POLLOUT)) return false;
    const std::size_t sent = send_some(bytes);
    if (sent == 0) return false;
    bytes = bytes.substr(sent);
  }
  return true;
}

std::size_t WireClient::send_some(std::string_view bytes) {
  const ::ssize_t sent =
      ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void WireClient::finish_sending() {
  ::shutdown(socket_.get(), SHUT_WR);
}

void WireClient::reset() {
  const ::linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_ = net::UniqueFd();
}

bool WireClient::receive() {
  if (!wait_for(socket_.get(), POLLIN)) return false;
  char buffer[65536];
  const ::ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::optional<WireResponse> WireClient::read_response(Body body) {
  while (true) {
    if (auto response = take_response(received_, body)) return response;
    if (!receive()) return std::nullopt;
  }
}

std::string WireClient::receive_some() {
  if (received_.empty() && !receive()) return {};
  return std::exchange(received_, {});
}

std::string WireClient::read_some(std::size_t most) {
  std::string bytes(most, '\0');
  const ::ssize_t got = ::recv(socket_.get(), bytes.data(), most, MSG_DONTWAIT);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

bool WireClient::closed_by_server() {
  return at_end() <= 0;
}

bool WireClient::ended_by_server() {
  return at_end() == 0;
}

::ssize_t WireClient::at_end() {
  if (!received_.empty() || !wait_for(socket_.get(), POLLIN)) return 1;
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, 0);
}

}  // namespace shale::testing
