#include "server/net/server.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "tests/server/net/server_fixture.h"

namespace shale::testing {
namespace {

constexpr std::string_view kGet = "GET /point HTTP/1.1\r\nHost: t\r\n\r\n";

TEST_CASE("Server: answers one request after the other on one connection") {
  RunningServer running;
  auto client = running.client();
  std::string first_id;
  for (int i = 0; i < 3; ++i) {
    const auto response = client.exchange(kGet);
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "hello");
    CHECK_FALSE(response->header("Date").empty());
    CHECK(response->header("X-Request-Id") != first_id);
    first_id = response->header("X-Request-Id");
  }
}

TEST_CASE("Server: answers pipelined requests in their order") {
  RunningServer running;
  auto client = running.client();
  client.send(
      "POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\noneGET /point HTTP/1.1\r\n"
      "Host: t\r\n\r\nPOST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\ntwo" +
      std::string(kGet));
  CHECK(client.read_response()->body == "one");
  CHECK(client.read_response()->body == "hello");
  CHECK(client.read_response()->body == stream_answer("two"));
  CHECK(client.read_response()->body == "hello");
}

TEST_CASE("Server: HEAD announces the length and sends no body") {
  RunningServer running;
  auto client = running.client();
  const auto head =
      client.exchange("HEAD /point HTTP/1.1\r\nHost: t\r\n\r\n", WireClient::Body::kAbsent);
  REQUIRE(head);
  CHECK(head->header("Content-Length") == "5");
  CHECK(client.exchange(kGet)->body == "hello");
}

TEST_CASE("Server: closes after the answer when the client asked for it") {
  RunningServer running;
  for (const std::string_view request :
       {"GET /point HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        "GET /point HTTP/1.0\r\n\r\n"}) {
    auto client = running.client();
    const auto response = client.exchange(request);
    REQUIRE(response);
    CHECK(response->header("Connection") == "close");
    CHECK(client.closed_by_server());
  }
}

TEST_CASE("Server: a request in single bytes is the same request") {
  RunningServer running;
  auto client = running.client();
  for (const char byte : kGet)
    REQUIRE(client.send(std::string_view(&byte, 1)));
  CHECK(client.read_response()->body == "hello");
}

TEST_CASE("Server: requests cut in two at every byte are answered") {
  RunningServer running;
  const std::string request =
      "POST /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  auto client = running.client();
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    CAPTURE(cut);
    REQUIRE(client.send(std::string_view(request).substr(0, cut)));
    REQUIRE(client.send(std::string_view(request).substr(cut)));
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->body == stream_answer("hello world"));
  }
}

TEST_CASE("Server: a client that goes away at any byte leaves nothing behind") {
  RunningServer running;
  const std::string request = "POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    auto client = running.client();
    REQUIRE(client.send(std::string_view(request).substr(0, cut)));
  }
  CHECK(running.client().exchange(kGet)->body == "hello");
  running.server.stop(std::chrono::seconds{5});
  CHECK(running.application.sinks_alive == 0);
  CHECK(running.server.open_connections() == 0);
}

TEST_CASE("Server: a half-closed client still gets its answer") {
  RunningServer running;
  auto client = running.client();
  client.send("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
  client.finish_sending();
  CHECK(client.read_response()->body == "hi");
  CHECK(client.closed_by_server());
}

TEST_CASE("Server: what is no HTTP is refused and closed at once") {
  RunningServer running;
  for (const std::string_view garbage : {std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7),
                                         std::string_view("GET / HTTP/9.9\r\n\r\n"),
                                         std::string_view("GET /point HTTP/1.1\nHost: t\n\n"),
                                         std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}) {
    auto client = running.client();
    const auto response = client.exchange(garbage);
    REQUIRE(response);
    CHECK(response->status >= 400);
    CHECK(client.closed_by_server());
  }
}

TEST_CASE("Server: an exception in a handler is answered with 500, and the server serves on") {
  RunningServer running;
  for (const std::string_view path :
       {"/throw-plan", "/throw", "/throw-pool", "/throw-open", "/throw-append"}) {
    CAPTURE(path);
    auto client = running.client();
    const auto response = client.exchange("POST " + std::string(path) +
                                          " HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
    REQUIRE(response);
    CHECK(response->status == 500);
  }
  CHECK(running.client().exchange(kGet)->body == "hello");
}

TEST_CASE("Server: where even the refusal throws, the answer is a bare 500") {
  RunningServer running;
  const auto response = running.client().exchange("POST /throw-refuse HTTP/1.1\r\nHost: t\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 500);
  CHECK(response->body.empty());
}

TEST_CASE("Server: an exception outside of a handler ends its own connection only") {
  RunningServer running;
  auto holder = running.client();
  auto elsewhere = running.client();  // connections go to the two workers in turn
  auto broken = running.client();
  auto elsewhere_too = running.client();
  auto beside = running.client();
  for (WireClient* client : {&elsewhere, &broken, &elsewhere_too, &beside})
    client->exchange(kGet);

  holder.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
  running.application.gate.await_visitor();
  broken.send("GET /throw-dress HTTP/1.1\r\nHost: t\r\n\r\n");
  beside.send(kGet);
  running.application.gate.open();
  CHECK(holder.read_response());
  CHECK(broken.closed_by_server());
  CHECK(beside.read_response());
}

TEST_CASE("Server: a report that throws is no concern of the client's") {
  RunningServer running;
  auto client = running.client();
  CHECK(client.exchange("GET /throw-finished HTTP/1.1\r\nHost: t\r\n\r\n")->status == 200);
  CHECK(client.exchange(kGet)->status == 200);
}

TEST_CASE("Server: reports each request when it has ended") {
  RunningServer running;
  auto client = running.client();
  client.exchange("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
  running.application.await_finished(1);  // else the other worker may be first to report
  {
    auto vanishing = running.client();
    vanishing.send("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
  }
  const auto finished = running.application.await_finished(2);
  REQUIRE(finished.size() == 2);
  CHECK(finished[0].complete);
  CHECK(finished[0].status == 200);
  CHECK(finished[0].bytes_in == 5);
  CHECK(finished[0].bytes_out == stream_answer("hello").size());
  CHECK_FALSE(finished[1].complete);
}

TEST_CASE("Server: serves unix sockets, and removes the socket at its end") {
  FakeApplication application;
  const std::string path = "/tmp/shale-net-test-" + std::to_string(::getpid());
  net::Options options;
  options.listen = {"unix:" + path, "127.0.0.1:0"};
  {
    net::Server server(application, options);
    CHECK(WireClient("unix:" + path).exchange(kGet)->body == "hello");
    CHECK(WireClient(server.addresses()[1]).exchange(kGet)->body == "hello");
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("Server: the control socket is for its owner alone, and marks who comes through it") {
  FakeApplication application;
  const std::string path = "/tmp/shale-net-control-" + std::to_string(::getpid());
  net::Options options;
  options.listen = {"127.0.0.1:0"};
  options.control = path;
  {
    net::Server server(application, options);
    struct ::stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    CHECK(server.addresses().size() == 1);
    const std::string ask =
        "GET /control HTTP/1.1\r\nHost: localhost\r\nForwarded: for=unix\r\n\r\n";
    CHECK(WireClient("unix:" + path).exchange(ask)->body == "yes");
    CHECK(WireClient(server.addresses()[0]).exchange(ask)->body == "no");
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("Server: stopping lets a running request end and closes idle connections") {
  RunningServer running;
  auto idle = running.client();  // one with each worker
  idle.exchange(std::string(kGet) + "\r\n");
  auto idle_too = running.client();
  idle_too.exchange(kGet);
  std::jthread stopping;
  auto busy = running.client();
  busy.send("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
  running.application.gate.await_visitor();

  stopping = std::jthread([&] { CHECK(running.server.stop(std::chrono::seconds{10}) == 0); });
  CHECK(idle.closed_by_server());
  CHECK(idle_too.closed_by_server());  // so both workers know, and one has the busy one
  running.application.gate.open();
  const auto response = busy.read_response();
  REQUIRE(response);
  CHECK(response->body == "hi");
  CHECK(response->header("Connection") == "close");
}

TEST_CASE("Server: stopping resets nobody who has sent the next request already") {
  RunningServer running;
  auto idle = running.client();
  idle.exchange(kGet);
  auto idle_too = running.client();
  idle_too.exchange(kGet);
  std::jthread stopping;
  auto busy = running.client();
  busy.send("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
  running.application.gate.await_visitor();
  busy.send(kGet);

  stopping = std::jthread([&] { CHECK(running.server.stop(std::chrono::seconds{10}) == 0); });
  CHECK(idle.closed_by_server());
  CHECK(idle_too.closed_by_server());  // so both workers know, and one has the busy one
  running.application.gate.open();
  CHECK(busy.read_response());
  CHECK(busy.ended_by_server());
}

TEST_CASE("Server: stopping during an answer does not lose the rest of it in a reset") {
  RunningServer running;
  auto idle = running.client();
  idle.exchange(kGet);
  std::jthread stopping;
  auto busy = running.client();
  auto idle_too = running.client();  // with the same worker as `idle`
  auto beside = running.client();    // with the same worker as `busy`
  idle_too.exchange(kGet);
  busy.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  beside.exchange(kGet);  // so the answer is on its way
  busy.send(kGet);

  stopping = std::jthread([&] { CHECK(running.server.stop(std::chrono::seconds{10}) == 0); });
  CHECK(idle_too.closed_by_server());
  CHECK(beside.closed_by_server());
  const auto response = busy.read_response();
  REQUIRE(response);
  CHECK(response->body.size() == 8 << 20);
  CHECK(busy.ended_by_server());
}

TEST_CASE("Server: stopping waits for an unwanted body and then closes") {
  RunningServer running;
  auto idle = running.client();
  auto idle_too = running.client();
  idle.exchange(kGet);
  idle_too.exchange(kGet);
  std::jthread stopping;
  auto refused = running.client();
  const std::string head = "POST /refuse HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n";
  CHECK(refused.exchange(head)->status == 403);

  stopping = std::jthread([&] { CHECK(running.server.stop(std::chrono::seconds{10}) == 0); });
  CHECK(idle.closed_by_server());
  CHECK(idle_too.closed_by_server());
  SUBCASE("at once when nothing follows it") {
    refused.send("hello");
  }
  SUBCASE("after the answer to the request that follows it") {
    CHECK(refused.exchange("hello" + std::string(kGet))->header("Connection") == "close");
  }
  CHECK(refused.ended_by_server());
}

TEST_CASE("Server: stopping cuts off what does not end in time") {
  RunningServer running;
  auto dawdling = running.client();
  dawdling.send("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
  while (running.application.streamed == 0)
    std::this_thread::yield();
  CHECK(running.server.stop(std::chrono::milliseconds{20}) == 1);
  CHECK(dawdling.closed_by_server());
  CHECK(running.application.sinks_alive == 0);
}

TEST_CASE("Server: what tells of it is answered while the whole pool is held up") {
  RunningServer running;  // has two threads in its pool
  auto first = running.client();
  auto second = running.client();
  constexpr std::string_view kSlow = "POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx";
  first.send(kSlow);
  second.send(kSlow);
  running.application.gate.await_visitor();
  while (running.server.pool_load().busy < 2)
    std::this_thread::yield();

  auto third = running.client();
  const auto told =
      third.exchange("POST /aside HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nup");
  REQUIRE(told);
  CHECK(told->body == "up");
  // Told at the end of a turn, which may still be under way.
  while (running.server.traffic().in(net::ConnectionState::kWorking) != 2)
    std::this_thread::yield();
  running.application.gate.open();
  CHECK(first.read_response()->body == "x");
  CHECK(second.read_response()->body == "x");
}

TEST_CASE("Server: counts connections by what they are at, and those that it turned away") {
  net::Options options;
  options.connections = 2;
  RunningServer running(options);
  auto one = running.client();
  auto two = running.client();
  REQUIRE(one.exchange(kGet));
  REQUIRE(two.exchange(kGet));
  CHECK(running.server.traffic().in(net::ConnectionState::kWaiting) == 2);
  CHECK(running.server.traffic().accepted == 2);
  const auto refused = running.client().exchange(kGet);
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(running.server.traffic().turned_away == 1);
}

TEST_CASE("Server: clients that use up the connections keep no scrape and no operator out") {
  net::Options options;
  options.connections = 1;
  options.metrics = {"127.0.0.1:0"};
  RunningServer running(options);
  auto only = running.client();
  REQUIRE(only.exchange(kGet));
  CHECK(running.client().exchange(kGet)->status == 503);
  auto scrape = WireClient(running.server.addresses().back());
  CHECK(scrape.exchange(kGet)->status == 200);
}

TEST_CASE("Server: other limits count for the connections that there are") {
  RunningServer running;
  auto client = running.client();
  REQUIRE(client.exchange(kGet));
  net::Options options;
  options.head.bytes = 100;
  running.server.adjust(options);
  // A turn that had begun before may still go by the old ones.
  int status = 200;
  for (int i = 0; i < 100 && status == 200; ++i) {
    const auto answer = client.exchange(
        "GET /point HTTP/1.1\r\nHost: t\r\nX-Long: " + std::string(200, 'x') + "\r\n\r\n");
    REQUIRE(answer);
    status = answer->status;
  }
  CHECK(status == 431);
}

TEST_CASE("Server: waits for the pool are told") {
  std::atomic<int> told = 0;
  net::Options options;
  options.waited = [&](std::chrono::nanoseconds time) { told += time.count() >= 0 ? 1 : 0; };
  RunningServer running(options);
  auto client = running.client();
  REQUIRE(client.exchange("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx"));
  CHECK(told > 0);
}

TEST_CASE("Server: an address for looking after it marks who comes there") {
  FakeApplication application;
  net::Options options = RunningServer::on_free_port({});
  options.metrics = {"127.0.0.1:0"};
  const net::Server server(application, options);
  REQUIRE(server.addresses().size() == 2);
  const auto scheme_of = [](const std::string& address) {
    auto client = WireClient(address);
    return client.exchange("GET /probe HTTP/1.1\r\nHost: t\r\n\r\n")->body;
  };
  CHECK(scheme_of(server.addresses()[0]) == "no");
  CHECK(scheme_of(server.addresses()[1]) == "yes");
}

}  // namespace
}  // namespace shale::testing
