#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/http/application.h"
#include "server/net/connection_limit.h"
#include "server/net/farewells.h"
#include "server/net/inbox.h"
#include "server/net/listen_address.h"
#include "server/net/options.h"
#include "server/net/traffic.h"
#include "server/net/unique_fd.h"

namespace shale::net {

/// Accepts on all listening sockets, on a thread of its own, and hands the
/// connections to the workers in turn. A connection over the limit is told so,
/// and closed when the client had time to read that.
class Acceptor {
 public:
  Acceptor(std::vector<Listening> sockets, std::vector<std::shared_ptr<Inbox>> workers,
           ConnectionLimit& limit, http::Application& application, const Options& options,
           Traffic& traffic, std::string id_prefix);
  /// Stops accepting and closes the listening sockets.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  void run();
  void accept_from(const Listening& listening);
  void turn_away(UniqueFd socket, const http::Peer& peer);

  std::vector<Listening> sockets_;
  std::vector<std::shared_ptr<Inbox>> workers_;
  ConnectionLimit& limit_;
  Traffic& traffic_;
  http::Application& application_;
  const Options& options_;
  const std::string id_prefix_;  ///< of the request ids of those that are turned away
  std::uint64_t turned_away_ = 0;
  Farewells farewells_;
  UniqueFd stop_;
  std::size_t next_worker_ = 0;
  bool out_of_descriptors_ = false;
  std::jthread thread_;
};

}  // namespace shale::net
