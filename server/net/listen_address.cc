#include "server/net/listen_address.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace shale::net {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kTlsPrefix = "https://";
constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

[[noreturn]] void fail(std::string_view address, const std::string& why) {
  throw std::runtime_error("cannot listen on " + std::string(address) + ": " + why);
}

[[noreturn]] void fail_errno(std::string_view address, const std::string& doing) {
  std::string why = doing + ": " + std::generic_category().message(errno);
  if (errno == EADDRINUSE) why += " (another process has it: stop that one or choose another)";
  fail(address, why);
}

/// Whether somebody answers on this socket file; one that a crash left behind does not.
bool is_served(const ::sockaddr_un& name) {
  const UniqueFd probe(::socket(AF_UNIX, kSocketFlags, 0));
  return ::connect(probe.get(), reinterpret_cast<const ::sockaddr*>(&name), sizeof name) == 0;
}

enum class Access : std::uint8_t { kAsUmaskSays, kOwnerAlone };

Listening listen_unix(std::string_view address, Access access) {
  const std::string path(address.substr(kUnixPrefix.size()));
  ::sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    fail(address, "the path must have 1 to " + std::to_string(sizeof name.sun_path - 1) + " bytes");
  }
  std::memcpy(name.sun_path, path.data(), path.size());

  struct ::stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) fail(address, "there is a file that is not a socket");
    if (is_served(name)) fail(address, "another process listens there");
    ::unlink(path.c_str());
  }
  UniqueFd socket(::socket(AF_UNIX, kSocketFlags, 0));
  if (!socket) fail_errno(address, "socket");
  // Before there is a file: afterwards would leave a moment in which others get in.
  if (access == Access::kOwnerAlone && ::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0) {
    fail_errno(address, "fchmod");
  }
  if (::bind(socket.get(), reinterpret_cast<const ::sockaddr*>(&name), sizeof name) != 0) {
    fail_errno(address, "bind");
  }
  if (::listen(socket.get(), SOMAXCONN) != 0) fail_errno(address, "listen");
  return {.socket = std::move(socket), .address = std::string(address), .unix_path = path};
}

struct HostPort {
  std::string host;  ///< empty: every address
  std::string port;
};

HostPort split(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) fail(address, "there is no port: write host:port");
  std::string_view host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(address.substr(colon + 1))};
}

std::string bound_address(int socket) {
  ::sockaddr_storage name{};
  ::socklen_t size = sizeof name;
  ::getsockname(socket, reinterpret_cast<::sockaddr*>(&name), &size);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  ::getnameinfo(reinterpret_cast<::sockaddr*>(&name), size, host.data(), host.size(), port.data(),
                port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string text = host.data();
  return (name.ss_family == AF_INET6 ? "[" + text + "]" : text) + ":" + port.data();
}

/// None where this machine does not have the address family or the address.
std::optional<Listening> listen_tcp(std::string_view address, const ::addrinfo& info) {
  UniqueFd socket(::socket(info.ai_family, kSocketFlags, info.ai_protocol));
  if (!socket && errno == EAFNOSUPPORT) return std::nullopt;
  if (!socket) fail_errno(address, "socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info.ai_family == AF_INET6) {
    // Both families are bound one by one, so that `:port` works with either switched off.
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(socket.get(), info.ai_addr, info.ai_addrlen) != 0) {
    if (errno == EADDRNOTAVAIL) return std::nullopt;
    fail_errno(address, "bind");
  }
  if (::listen(socket.get(), SOMAXCONN) != 0) fail_errno(address, "listen");
  std::string bound = bound_address(socket.get());
  return Listening{.socket = std::move(socket), .address = std::move(bound), .unix_path = {}};
}

}  // namespace

std::vector<Listening> listen_on(std::string_view address) {
  std::vector<Listening> result;
  if (address.starts_with(kTlsPrefix)) {
    const std::string_view below = address.substr(kTlsPrefix.size());
    if (below.starts_with(kUnixPrefix)) fail(address, "unix sockets speak no TLS");
    result = listen_on(below);
    for (Listening& listening : result) {
      listening.tls = true;
      listening.address.insert(0, kTlsPrefix);
    }
    return result;
  }
  if (address.starts_with(kUnixPrefix)) {
    result.push_back(listen_unix(address, Access::kAsUmaskSays));
    return result;
  }

  const auto [host, port] = split(address);
  ::addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  ::addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) fail(address, ::gai_strerror(error));
  const std::unique_ptr<::addrinfo, void (*)(::addrinfo*)> owner(found, ::freeaddrinfo);

  for (const ::addrinfo* info = found; info != nullptr; info = info->ai_next) {
    if (auto listening = listen_tcp(address, *info)) result.push_back(std::move(*listening));
  }
  if (result.empty()) fail(address, "this machine has no such address");
  return result;
}

Listening listen_for_operator(const std::string& path) {
  Listening listening = listen_unix(std::string(kUnixPrefix) + path, Access::kOwnerAlone);
  listening.control = true;
  return listening;
}

}  // namespace shale::net
