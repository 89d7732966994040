#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/head_parser.h"
#include "server/net/certificates.h"

namespace shale::net {

/// How long a connection may stand still in each phase.
struct Timeouts {
  std::chrono::milliseconds handshake = std::chrono::seconds{10};  ///< all of it, of TLS
  std::chrono::milliseconds head = std::chrono::seconds{15};   ///< first byte to end of the head
  std::chrono::milliseconds body = std::chrono::seconds{60};   ///< without a byte of the body
  std::chrono::milliseconds write = std::chrono::seconds{60};  ///< without the client taking any
  std::chrono::milliseconds idle = std::chrono::seconds{120};  ///< between two requests
};

struct Options {
  /// `host:port`, `[v6]:port`, `:port` for all addresses, or `unix:/path`. TLS is spoken on
  /// those with `https://` before them, never on unix sockets.
  std::vector<std::string> listen = {"127.0.0.1:5000"};
  /// The same, for those alone who look after the server: whoever comes this way is marked so.
  std::vector<std::string> metrics;
  /// One more unix socket, for the owner of this process alone: whoever gets in there is
  /// marked as the operator. Empty: none.
  std::string control;
  std::size_t workers = 0;  ///< event loops; 0: one for each core
  std::size_t pool_threads = 16;
  std::size_t pool_queue = 4096;                    ///< requests that may wait for a pool thread
  std::size_t body_memory = std::size_t{24} << 20;  ///< bytes, see `MemoryBudget`
  std::size_t connections = 16384;
  std::size_t connections_per_address = 0;  ///< 0: no limit
  /// No connection is kept whose descriptor has this number or a higher one: those are
  /// for other parts of the program.
  int descriptors = std::numeric_limits<int>::max();
  /// For TLS; the first is shown to clients that name none or an unknown host. The files
  /// are followed: a change counts for the handshakes after it.
  std::vector<CertificateFiles> certificates;
  Timeouts timeouts;
  http::HeadLimits head;
  /// Told how long a request waited for a thread of the pool, on that thread. Empty: nobody is.
  std::function<void(std::chrono::nanoseconds)> waited;
  /// Told of what the operator should know and no request can carry. Any thread.
  std::function<void(std::string_view what, std::string_view cause)> warn = [](std::string_view,
                                                                               std::string_view) {};
  /// The same, of what went as it should, and of what only matters to who looks for a fault.
  std::function<void(std::string_view what, std::string_view cause)> note = [](std::string_view,
                                                                               std::string_view) {};
  std::function<void(std::string_view what, std::string_view cause)> trace =
      [](std::string_view, std::string_view) {};
};

}  // namespace shale::net
