#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/http/application.h"
#include "server/net/options.h"

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
