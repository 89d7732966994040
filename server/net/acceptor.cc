#include "server/net/acceptor.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <pthread.h>

#include "server/http/response_head.h"
#include "server/net/boundary.h"

namespace shale::net {
namespace {

/// Accepted from one socket before the others are looked at.
constexpr int kBurst = 64;
/// Out of descriptors: how long before the next try, in milliseconds.
constexpr int kRetry = 100;
/// While there are `Farewells`, in milliseconds: none of them notices its own end.
constexpr int kLook = 250;
/// Says "internal error" to a client that waits for a handshake. There is no better
/// alert, and words in the clear would only puzzle it.
constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x50", 7);

http::Peer describe(const ::sockaddr_storage& name) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  http::Peer peer;
  if (name.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const ::sockaddr_in&>(name);
    peer.address = ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    peer.port = ntohs(v4.sin_port);
  } else if (name.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const ::sockaddr_in6&>(name);
    peer.address = ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    peer.port = ntohs(v6.sin6_port);
  } else {
    peer.unix_socket = true;
  }
  return peer;
}

}  // namespace

Acceptor::Acceptor(std::vector<Listening> sockets, std::vector<std::shared_ptr<Inbox>> workers,
                   ConnectionLimit& limit, http::Application& application, const Options& options,
                   Traffic& traffic, std::string id_prefix)
    : sockets_(std::move(sockets)),
      workers_(std::move(workers)),
      limit_(limit),
      traffic_(traffic),
      application_(application),
      options_(options),
      id_prefix_(std::move(id_prefix)),
      stop_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "shale-accept");
}

Acceptor::~Acceptor() {
  static_cast<void>(::eventfd_write(stop_.get(), 1));
  thread_.join();
  for (const Listening& listening : sockets_) {
    if (!listening.unix_path.empty()) ::unlink(listening.unix_path.c_str());
  }
}

void Acceptor::run() {
  std::vector<::pollfd> watched;
  watched.push_back({stop_.get(), POLLIN, 0});
  for (const Listening& listening : sockets_)
    watched.push_back({listening.socket.get(), POLLIN, 0});
  const std::size_t always = watched.size();

  while (true) {
    watched.resize(always);
    farewells_.watch(watched);
    // Without descriptors the waiting connections would keep `poll` spinning.
    const bool rest = std::exchange(out_of_descriptors_, false);
    const int patience = rest ? kRetry : farewells_.empty() ? -1 : kLook;
    if (::poll(watched.data(), rest ? 1 : watched.size(), patience) < 0) continue;
    if (watched.front().revents != 0) return;
    farewells_.tend(std::chrono::steady_clock::now());
    for (std::size_t i = 0; i < sockets_.size() && !rest; ++i) {
      if (watched[i + 1].revents == 0) continue;
      const bool done =
          contained(options_, "a new connection was given up", [&] { accept_from(sockets_[i]); });
      out_of_descriptors_ |= !done;  // most likely it is memory that is short
    }
  }
}

void Acceptor::accept_from(const Listening& listening) {
  for (int i = 0; i < kBurst; ++i) {
    ::sockaddr_storage name{};
    ::socklen_t size = sizeof name;
    UniqueFd socket(::accept4(listening.socket.get(), reinterpret_cast<::sockaddr*>(&name), &size,
                              SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        options_.warn("connections wait because no more can be opened",
                      std::generic_category().message(errno));
        out_of_descriptors_ = true;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    http::Peer peer = describe(name);
    peer.tls = listening.tls;
    peer.control = listening.control;
    peer.metrics = listening.metrics;
    const Door door = peer.control   ? Door::kControl
                      : peer.metrics ? Door::kMetrics
                                     : Door::kClients;
    auto slot =
        socket.get() < options_.descriptors ? limit_.acquire(peer.address, door) : std::nullopt;
    if (!slot) {
      turn_away(std::move(socket), peer);
      continue;
    }
    const int on = 1;
    if (!peer.unix_socket) {
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    ++traffic_.accepted;
    workers_[next_worker_++ % workers_.size()]->post(
        Arrived{std::move(socket), std::move(peer), std::move(*slot)});
  }
}

/// One try, without waiting: a fresh socket has room for so little.
void Acceptor::turn_away(UniqueFd socket, const http::Peer& peer) {
  ++traffic_.turned_away;
  http::Request request;
  request.peer = peer;
  request.id = id_prefix_ + std::to_string(++turned_away_);
  http::Response response = application_.refuse(request, http::Refusal::kTooManyConnections);
  application_.dress(request, response);
  std::string answer = http::serialize_head(response, /*keep_alive=*/false, request.version_minor,
                                            http::http_date(std::time(nullptr)));
  for (const http::BodyPiece& piece : response.body) {
    if (const auto* text = std::get_if<std::string>(&piece)) answer += *text;
  }
  const std::string_view words = peer.tls ? kAlert : std::string_view(answer);
  static_cast<void>(::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL));
  ::shutdown(socket.get(), SHUT_WR);
  if (socket.get() < options_.descriptors) {
    farewells_.add(std::move(socket), std::chrono::steady_clock::now());
  }
  application_.finished({.request = request,
                         .status = response.status,
                         .bytes_out = response.body_length(),
                         .complete = true,
                         .log_message = response.log_message});
}

}  // namespace shale::net
