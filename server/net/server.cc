#include "server/net/server.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include <pistache/reactor.h>

#include "server/net/acceptor.h"
#include "server/net/boundary.h"
#include "server/net/certificate_watch.h"
#include "server/net/connection_limit.h"
#include "server/net/pool.h"
#include "server/net/ticker.h"
#include "server/net/tls_context.h"
#include "server/net/worker.h"

namespace shale::net {
namespace {

constexpr std::chrono::milliseconds kDrainPoll{10};
constexpr std::size_t kAsideThreads = 2;
constexpr std::size_t kAsideQueue = 64;
/// How often the files of certificates are looked at.
constexpr std::chrono::milliseconds kCertificatePoll{500};

std::string fresh_prefix() {
  std::random_device random;
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", random());
  return text.data();
}

std::size_t worker_count(const Options& options) {
  if (options.workers > 0) return options.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Threads that begin while this lives never get SIGPIPE, which OpenSSL and sendfile
/// raise when a client is gone: the error code says it already.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    ::sigset_t signals{};
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SigpipeBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

 private:
  ::sigset_t before_{};
};

/// What TLS needs; only where there are certificates.
struct Tls {
  explicit Tls(const Options& options)
      : certificates(options.certificates, {.warn = options.warn, .note = options.note}),
        context(certificates),
        ticker(kCertificatePoll, [this, &options] {
          contained(options, "looking at the certificates failed", [&] { certificates.look(); });
        }) {}

  CertificateWatch certificates;
  TlsContext context;
  Ticker ticker;
};

}  // namespace

struct Server::State {
  State(http::Application& application_in, Options options_in)
      : options(std::move(options_in)),
        limit(options.connections, options.connections_per_address),
        memory(options.body_memory),
        limits(options.timeouts, options.head),
        pool(std::make_unique<Pool>(options.pool_threads, options.pool_queue, options.waited)),
        aside(std::make_unique<Pool>(kAsideThreads, kAsideQueue)),
        tls(options.certificates.empty() ? nullptr : std::make_unique<Tls>(options)),
        shared{.application = application_in,
               .pool = *pool,
               .aside = *aside,
               .memory = memory,
               .options = options,
               .traffic = traffic,
               .limits = limits,
               .tls = tls ? &tls->context : nullptr,
               .id_prefix = fresh_prefix()} {
    std::vector<Listening> sockets;
    for (const std::string& address : options.listen)
      bind(address, /*metrics=*/false, sockets);
    for (const std::string& address : options.metrics)
      bind(address, /*metrics=*/true, sockets);
    if (!options.control.empty()) sockets.push_back(listen_for_operator(options.control));
    reactor = Pistache::Aio::Reactor::create();
    reactor->init(Pistache::Aio::AsyncContext(worker_count(options), "shale-worker"));
    const auto key = reactor->addHandler(std::make_shared<Worker>(shared));
    for (const auto& handler : reactor->handlers(key)) {
      inboxes.push_back(std::static_pointer_cast<Worker>(handler)->inbox());
    }
    const SigpipeBlocked blocked;
    reactor->run();
    acceptor = std::make_unique<Acceptor>(std::move(sockets), inboxes, limit, application_in,
                                          options, traffic, shared.id_prefix + "-refused-");
  }

  void bind(const std::string& address, bool metrics, std::vector<Listening>& sockets) {
    for (Listening& listening : listen_on(address)) {
      if (listening.tls && !tls) {
        throw std::runtime_error("cannot listen on " + address + ": there is no certificate");
      }
      listening.metrics = metrics;
      addresses.push_back(listening.address);
      sockets.push_back(std::move(listening));
    }
  }

  template <class Word>
  void tell_all() {
    for (const auto& inbox : inboxes)
      inbox->post(Word{});
  }

  /// True when nobody is connected any more.
  bool wait_until_empty(std::chrono::milliseconds limit_time) {
    const auto end = std::chrono::steady_clock::now() + limit_time;
    while (limit.open() > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kDrainPoll);
    }
    return limit.open() == 0;
  }

  Options options;
  ConnectionLimit limit;
  MemoryBudget memory;
  Traffic traffic;
  Limits limits;
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Pool> aside;
  std::unique_ptr<Tls> tls;
  Worker::Shared shared;
  std::vector<std::string> addresses;
  std::vector<std::shared_ptr<Inbox>> inboxes;
  std::shared_ptr<Pistache::Aio::Reactor> reactor;
  std::unique_ptr<Acceptor> acceptor;
};

Server::Server(http::Application& application, Options options)
    : state_(std::make_unique<State>(application, std::move(options))) {}

Server::~Server() {
  stop(std::chrono::milliseconds{0});
}

const std::vector<std::string>& Server::addresses() const noexcept {
  return state_->addresses;
}

std::size_t Server::open_connections() const noexcept {
  return state_->limit.open();
}

const Traffic& Server::traffic() const noexcept {
  return state_->traffic;
}

Pool::Load Server::pool_load() const {
  return state_->pool->load();
}

std::size_t Server::body_memory_left() const noexcept {
  return state_->memory.left();
}

std::vector<CertificateExpiry> Server::certificate_expiries() const {
  if (!state_->tls) return {};
  return state_->tls->certificates.current()->expiries();
}

void Server::adjust(const Options& options) {
  state_->limits.set(options.timeouts, options.head);
  state_->limit.adjust(options.connections, options.connections_per_address);
}

bool Server::reload_certificates() {
  return state_->tls && state_->tls->certificates.reload();
}

std::size_t Server::stop(std::chrono::milliseconds limit) {
  if (!state_->reactor) return 0;
  state_->acceptor.reset();
  state_->tell_all<Drain>();
  state_->wait_until_empty(limit);
  const std::size_t cut = open_connections();
  state_->tell_all<Abandon>();
  state_->wait_until_empty(std::chrono::seconds{5});
  state_->reactor->shutdown();
  state_->reactor.reset();
  state_->aside.reset();
  state_->pool.reset();  // finishes what is queued; its words to the inboxes go unread
  return cut;
}

}  // namespace shale::net
