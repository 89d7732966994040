#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include <pistache/reactor.h>

#include "server/net/connection.h"
#include "server/net/inbox.h"
#include "server/net/limits.h"
#include "server/net/options.h"
#include "server/net/pool.h"
#include "server/net/tls_context.h"
#include "server/net/unique_fd.h"

namespace shale::net {

/// One event loop and the connections that live on it. Pistache's reactor clones
/// the handler that it is given, once for each of its threads, and calls each
/// clone on its own thread only.
///
/// Sockets are registered once, for both directions and edge-triggered. A
/// connection that does not want to read simply does not, so neither
/// backpressure nor a change of direction costs a system call.
class Worker final : public Pistache::Aio::Handler {
 public:
  PROTOTYPE_OF(Pistache::Aio::Handler, Worker)

  /// What all workers share; must outlive them.
  struct Shared {
    http::Application& application;
    Pool& pool;
    Pool& aside;
    MemoryBudget& memory;
    const Options& options;
    Traffic& traffic;
    const Limits& limits;
    const TlsContext* tls;  ///< none where no address speaks TLS
    std::string id_prefix;  ///< of request ids, fresh for each process
    std::atomic<std::size_t> workers = 0;
  };

  explicit Worker(Shared& shared);
  Worker(const Worker& other);  ///< a fresh worker, not a copy of its connections
  Worker& operator=(const Worker&) = delete;
  ~Worker() override;

  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& fds) override;

  /// Where other threads leave word for this worker.
  const std::shared_ptr<Inbox>& inbox() const noexcept { return inbox_; }

 private:
  struct Kept {
    std::unique_ptr<Connection> connection;
    ConnectionState counted;  ///< as what `Traffic` has it
    bool due = false;         ///< stands in `due_`
  };
  using Connections = std::unordered_map<ConnectionId, Kept>;

  void handle(const Pistache::Aio::FdSet& fds);
  void refresh_context();
  void take_messages();
  void take(Message message);
  void adopt(Arrived arrived);
  std::unique_ptr<Stream> stream_over(Arrived& arrived);
  void drain_all();
  void abandon_all();
  void check_deadlines();
  void give_turns();
  /// Lets a connection do something and settles it. What it throws ends this
  /// connection, and no other.
  void let(Connections::iterator where, void (Connection::*act)());
  /// Looks at a connection after it did something: drop it, or give it another turn.
  void settle(Connections::iterator where);
  void arm_timer(bool on);
  std::string next_request_id();

  Shared& shared_;
  std::shared_ptr<Inbox> inbox_;
  UniqueFd timer_;
  bool timer_armed_ = false;
  bool draining_ = false;

  std::vector<std::byte> scratch_;
  WorkerContext context_;
  std::time_t date_second_ = 0;
  std::uint64_t limits_seen_ = 0;
  std::size_t index_ = 0;
  std::uint64_t requests_ = 0;

  ConnectionId next_id_;
  Connections connections_;
  std::vector<ConnectionId> due_;  ///< stopped by their budget only; each once
};

}  // namespace shale::net
