#include <array>
#include <string>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

net::Options impatient() {
  net::Options options;
  options.timeouts.handshake = std::chrono::milliseconds{100};
  return options;
}

TEST_CASE("TLS handshake: in single bytes it is the same handshake") {
  TlsServer running;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto client = running.client({.newest = version});
    REQUIRE(client.handshake(1));
    CHECK(client.exchange(kGetPoint)->body == "hello");
  }
}

TEST_CASE("TLS handshake: a client that goes away at any byte leaves nothing behind") {
  TlsServer running;
  for (std::size_t cut = 1; cut < 240; cut += 3) {
    auto client = running.client();
    client.send_hello(cut);
  }
  CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
  running.server.stop(std::chrono::seconds{5});
  CHECK(running.server.open_connections() == 0);
}

TEST_CASE("TLS handshake: those who say nothing, or stop in the middle, hold nobody up") {
  TlsServer running;
  std::vector<TlsClient> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(running.client());
    if (i % 2 == 0) silent.back().send_hello(100);
  }
  for (int i = 0; i < 4; ++i)  // with both workers
    CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS handshake: it has a deadline, which no byte puts off") {
  TlsServer running(impatient());
  auto silent = running.client();
  auto stopped = running.client();
  stopped.send_hello(100);
  CHECK(silent.wire().closed_by_server());
  CHECK(stopped.wire().closed_by_server());
}

TEST_CASE("TLS handshake: its deadline ends with it") {
  net::Options options = impatient();
  options.timeouts.handshake = std::chrono::milliseconds{1500};
  options.timeouts.idle = std::chrono::seconds{60};
  TlsServer running(options);
  auto silent = running.client();
  auto client = running.ready_client();
  CHECK(silent.wire().closed_by_server());  // so that time is over for both
  CHECK(client.exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS handshake: what is neither TLS nor HTTP is closed") {
  TlsServer running;
  for (const std::string_view garbage :
       {std::string_view("\x00\x00\x00\x00\x00\x00\x00\x00", 8),
        std::string_view("\x16\x03\x01\x00\x05hello", 10),
        std::string_view("\xff\xff\xff\xff\xff\xff"), std::string_view("\r\n\r\n\r\n")}) {
    WireClient client(running.address());
    client.send(garbage);
    client.receive_some();  // maybe an alert
    CHECK(client.closed_by_server());
  }
  CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS handshake: plain HTTP on a port for TLS is told so in words, and closed") {
  TlsServer running;
  for (const std::string method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "CONNECT"}) {
    CAPTURE(method);
    WireClient client(running.address());
    const auto response = client.exchange(method + " /point HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(response);
    CHECK(response->status == 400);
    CHECK(response->body == "this port speaks TLS: use https");
    CHECK(response->header("Connection") == "close");
    CHECK(client.ended_by_server());
  }
  CHECK(running.application.planned == 0);
}

TEST_CASE("TLS handshake: plain HTTP with a long body still reads its refusal") {
  TlsServer running;
  WireClient client(running.address());
  client.send("PUT /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 3000000\r\n\r\n" +
              std::string(3'000'000, 'x'));
  CHECK(client.read_response()->status == 400);
}

TEST_CASE("TLS handshake: TLS on a plain port is refused at once") {
  TlsServer running;
  TlsClient client(running.server.addresses()[1]);
  CHECK_FALSE(client.handshake());
  CHECK(client.trouble() == "wrong version number");
  CHECK(WireClient(running.server.addresses()[1]).exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS handshake: who comes when there is no more room gets an alert, no words") {
  net::Options options;
  options.connections = 1;
  TlsServer running(options);
  auto inside = running.ready_client();
  auto outside = running.client();
  CHECK_FALSE(outside.handshake());
  CHECK(outside.trouble() == "tlsv1 alert internal error");
}

TEST_CASE("TLS handshake: a failed one is traced with its cause, a client that left is not") {
  std::mutex mutex;
  std::vector<std::string> traces;
  net::Options options;
  options.trace = [&](std::string_view, std::string_view cause) {
    const std::scoped_lock lock(mutex);
    traces.emplace_back(cause);
  };
  {
    TlsServer running(options);
    {
      const auto leaving = running.client();
    }
    auto old = running.client({.newest = TLS1_1_VERSION});
    CHECK_FALSE(old.handshake());
    running.server.stop(std::chrono::seconds{5});
  }
  REQUIRE(traces.size() == 1);
  CHECK(traces[0] == "127.0.0.1: unsupported protocol");
}

TEST_CASE("TLS handshake: an address for TLS needs a certificate, and must be no unix socket") {
  FakeApplication application;
  net::Options options;
  options.listen = {"https://127.0.0.1:0"};
  CHECK_THROWS_WITH(net::Server(application, options),
                    "cannot listen on https://127.0.0.1:0: there is no certificate");
  CertificateFolder folder;
  options.certificates = {folder.make("a", {"a"})};
  options.listen = {"https://unix:/none"};
  CHECK_THROWS_WITH(net::Server(application, options),
                    "cannot listen on https://unix:/none: unix sockets speak no TLS");
}

TEST_CASE("TLS handshake: stopping does not wait for it") {
  TlsServer running;
  auto silent = running.client();
  auto stopped = running.client();
  stopped.send_hello(100);
  running.ready_client().exchange(kGetPoint);
  CHECK(running.server.stop(std::chrono::seconds{10}) == 0);
  CHECK(silent.wire().closed_by_server());
}

}  // namespace
}  // namespace shale::testing
