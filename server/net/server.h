#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/http/application.h"
#include "server/net/options.h"
#include "server/net/pool.h"
#include "server/net/traffic.h"

namespace shale::net {

/// The HTTP server: accepts, reads requests, asks the application, sends answers.
/// Its threads are described in `server/README.md`.
class Server {
 public:
  /// Binds and starts serving. `application` must outlive the server. Throws
  /// `std::runtime_error` when an address cannot be had or a certificate not be used.
  Server(http::Application& application, Options options);
  /// Cuts off what still runs.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// What it listens on, with real ports.
  const std::vector<std::string>& addresses() const noexcept;
  std::size_t open_connections() const noexcept;

  const Traffic& traffic() const noexcept;
  Pool::Load pool_load() const;
  /// Bytes that bodies in memory may still take.
  std::size_t body_memory_left() const noexcept;
  /// Of all certificates in force; none where no address speaks TLS.
  std::vector<CertificateExpiry> certificate_expiries() const;

  /// Takes over the timeouts, the limits of heads and of connections; all else in `options`
  /// needs a new server. They count from what each connection does next.
  void adjust(const Options& options);

  /// Reads the certificates again, which may wait for the disk. What cannot be used
  /// changes nothing and is warned of. False then, and where there are none.
  bool reload_certificates();

  /// Accepts nobody any more, lets running requests end for at most `limit`, then
  /// cuts off the rest. Returns how many connections were cut.
  std::size_t stop(std::chrono::milliseconds limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shale::net
