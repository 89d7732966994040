#pragma once

#include <string>

#include "server/net/server.h"
#include "tests/server/net/fake_application.h"
#include "tests/support/wire_client.h"

namespace shale::testing {

/// A server on a free port of this machine, with two workers and one application.
struct RunningServer {
  explicit RunningServer(net::Options options = {}) : server(application, on_free_port(options)) {}
  /// A test that left somebody waiting must not hang at its end.
  ~RunningServer() { application.gate.open(); }

  std::string address() const { return server.addresses().front(); }
  WireClient client() const { return WireClient(address()); }

  static net::Options on_free_port(net::Options options) {
    options.listen = {"127.0.0.1:0"};
    options.workers = 2;
    options.pool_threads = 2;
    return options;
  }

  FakeApplication application;
  net::Server server;
};

}  // namespace shale::testing
