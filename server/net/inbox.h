#pragma once

#include <cstdint>
#include <mutex>
#include <variant>
#include <vector>

#include "server/http/message.h"
#include "server/net/connection_limit.h"
#include "server/net/unique_fd.h"

namespace shale::net {

using ConnectionId = std::uint64_t;

/// An accepted connection, handed to the worker that keeps it for life.
struct Arrived {
  UniqueFd socket;
  http::Peer peer;
  ConnectionLimit::Slot slot;
};

/// The pool is done with what this connection waits for.
struct JobDone {
  ConnectionId connection;
};

/// Finish what runs, then close; keep no connection idle.
struct Drain {};

/// Close everything now.
struct Abandon {};

using Message = std::variant<Arrived, JobDone, Drain, Abandon>;

/// How other threads talk to a worker. Thread-safe.
class Inbox {
 public:
  Inbox();

  void post(Message message);
  /// Wakes the worker without a message.
  void wake() noexcept;

  /// Readable when there is something to take.
  int descriptor() const noexcept { return event_.get(); }
  /// Everything posted so far. For the worker alone.
  std::vector<Message> take();

 private:
  UniqueFd event_;
  std::mutex mutex_;
  std::vector<Message> messages_;
};

}  // namespace shale::net
