#include <thread>

#include <doctest/doctest.h>

#include "tests/server/net/server_fixture.h"

namespace shale::testing {
namespace {

constexpr std::string_view kGet = "GET /point HTTP/1.1\r\nHost: t\r\n\r\n";
const std::string kPost = "POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi";
constexpr std::chrono::milliseconds kShort{50};

TEST_CASE("Limits: a body over the limit is refused, announced or not") {
  RunningServer running;
  SUBCASE("by its length") {
    auto client = running.client();
    CHECK(
        client.exchange("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n")->status ==
        413);
  }
  SUBCASE("by its chunks") {
    auto client = running.client();
    client.send("POST /pool HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    client.send(std::string(1001, 'x'));
    CHECK(client.read_response()->status == 413);
  }
  SUBCASE("and one of just the limit is fine") {
    auto client = running.client();
    const std::string body(1000, 'x');
    CHECK(client.exchange("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + body)
              ->body == body);
  }
}

TEST_CASE("Limits: heads over the limits are refused with their own status") {
  RunningServer running;
  CHECK(running.client()
            .exchange("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n")
            ->status == 414);
  CHECK(running.client()
            .exchange("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n")
            ->status == 431);
}

TEST_CASE("Limits: a head that does not come to its end is given up with 408") {
  net::Options options;
  options.timeouts.head = kShort;
  RunningServer running(options);
  auto client = running.client();
  const auto response = client.exchange("GET /point HTTP/1.1\r\nHo");
  REQUIRE(response);
  CHECK(response->status == 408);
  CHECK(client.closed_by_server());

  SUBCASE("and so is one that came together with the request before it") {
    auto next = running.client();
    CHECK(next.exchange(std::string(kGet) + "GET /point HTTP/1.1\r\nHo")->status == 200);
    const auto refusal = next.read_response();
    REQUIRE(refusal);
    CHECK(refusal->status == 408);
  }
}

TEST_CASE("Limits: a body that stops coming is given up with 408, and its sink is let go") {
  net::Options options;
  options.timeouts.body = kShort;
  RunningServer running(options);
  for (const std::string_view path : {"/stream", "/pool"}) {
    auto client = running.client();
    const auto response = client.exchange("POST " + std::string(path) +
                                          " HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
    REQUIRE(response);
    CHECK(response->status == 408);
    CHECK(running.application.sinks_alive == 0);
  }
}

TEST_CASE("Limits: a body is asked for when its request is admitted, and not before") {
  RunningServer running;
  const std::string head =
      " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  auto admitted = running.client();
  REQUIRE(admitted.send("POST /admit" + head));
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string read;
  while (read.size() < kContinue.size()) {
    const std::string more = admitted.read_some(kContinue.size() - read.size());
    if (more.empty()) std::this_thread::yield();
    read += more;
  }
  CHECK(read == kContinue);
  REQUIRE(admitted.send("hello"));
  CHECK(admitted.read_response()->body == "hello");

  for (const auto& [path, status] :
       {std::pair{"/admit-not", 403}, std::pair{"/admit-throw", 500}}) {
    auto refused = running.client();
    const auto response = refused.exchange("POST " + std::string(path) + head);
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(response->header("Connection") == "close");
  }
}

TEST_CASE("Limits: an idle connection is closed without a word") {
  net::Options options;
  options.timeouts.idle = kShort;
  std::string request;
  std::string afterwards;
  SUBCASE("which has not asked for anything") {}
  SUBCASE("which has had its answer") {
    request = kGet;
  }
  SUBCASE("whose client has sent an empty line with its request") {
    request = kPost + "\r\n";
  }
  SUBCASE("whose client sends an empty line later") {
    request = kPost;
    afterwards = "\r\n\r\n";
  }
  // Long enough for a test thread that is held up between connecting and sending.
  if (!request.empty()) options.timeouts.idle = std::chrono::seconds{2};
  RunningServer running(options);
  auto client = running.client();
  if (!request.empty()) {
    const auto answer = client.exchange(request);
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
  client.send(afterwards);
  CHECK(client.closed_by_server());
}

TEST_CASE("Limits: a client that takes nothing of its answer is cut off") {
  net::Options options;
  options.timeouts.write = kShort;
  RunningServer running(options);
  auto client = running.client();
  client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto finished = running.application.await_finished(1);
  REQUIRE(finished.size() == 1);
  CHECK_FALSE(finished.front().complete);
}

TEST_CASE("Limits: connections over the limit are told so, and freed ones count no more") {
  net::Options options;
  SUBCASE("in all") {
    options.connections = 2;
  }
  SUBCASE("for one address") {
    options.connections_per_address = 2;
  }
  RunningServer running(options);
  {
    auto first = running.client();
    auto second = running.client();
    CHECK(first.exchange(kGet)->status == 200);
    CHECK(second.exchange(kGet)->status == 200);
    for (const std::string& asked : {std::string(), std::string(kGet), kPost + kPost}) {
      auto third = running.client();
      third.send(asked);
      const auto response = third.read_response();
      REQUIRE(response);
      CHECK(response->status == 503);
      CHECK(third.ended_by_server());
    }
  }
  while (running.server.open_connections() > 0)
    std::this_thread::yield();
  CHECK(running.client().exchange(kGet)->status == 200);
}

TEST_CASE("Limits: turning a connection away cannot end the server") {
  net::Options options;
  options.connections = 1;
  RunningServer running(options);
  {
    auto first = running.client();
    CHECK(first.exchange(kGet)->status == 200);
    running.application.refuses = false;
    CHECK(running.client().closed_by_server());
  }
  while (running.server.open_connections() > 0)
    std::this_thread::yield();
  CHECK(running.client().exchange(kGet)->status == 200);
}

TEST_CASE("Limits: with no memory left for bodies, what needs it is told to come back") {
  net::Options options;
  options.body_memory = 1500;
  RunningServer running(options);
  const std::string body(1000, 'x');
  auto holder = running.client();
  holder.send("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + body);
  running.application.gate.await_visitor();

  SUBCASE("a body with a length") {
    const auto response = running.client().exchange(
        "POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 600\r\n\r\n" + body.substr(0, 600));
    REQUIRE(response);
    CHECK(response->status == 503);
  }
  SUBCASE("a body in chunks") {
    const auto response = running.client().exchange(
        "POST /pool HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n" +
        body.substr(0, 0x258) + "\r\n0\r\n\r\n");
    REQUIRE(response);
    CHECK(response->status == 503);
  }
  SUBCASE("a large answer") {
    CHECK(running.client().exchange("GET /big HTTP/1.1\r\nHost: t\r\n\r\n")->status == 503);
  }
  SUBCASE("but an upload goes on with small buffers") {
    const std::string large(300'000, 'y');
    const auto response = running.client().exchange(
        "POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n" + large);
    REQUIRE(response);
    CHECK(response->body == stream_answer(large));
  }
  running.application.gate.open();
  CHECK(holder.read_response()->body == body);

  SUBCASE("and what is given back can be had again") {
    CHECK(running.client()
              .exchange("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + body)
              ->body == body);
  }
}

TEST_CASE("Limits: a body that is only announced takes no memory from others") {
  net::Options options;
  options.body_memory = 1500;
  RunningServer running(options);
  const std::string head = "POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n";
  const std::string body(1000, 'x');
  std::vector<WireClient> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(running.client());
    idle.back().send(head);
  }
  for (int i = 0; i < 2; ++i)  // one with each worker
    CHECK(running.client().exchange(head + body)->body == body);
  CHECK(idle.front().exchange(body)->body == body);
}

TEST_CASE("Limits: uploads leave half of the memory to what needs it") {
  net::Options options;
  options.body_memory = std::size_t{4} << 20;
  RunningServer running(options);
  std::vector<WireClient> uploads;
  for (int i = 0; i < 8; ++i) {
    uploads.push_back(running.client());
    uploads.back().send("POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nh");
  }
  while (running.application.streamed < uploads.size())
    std::this_thread::yield();
  const std::string body(1000, 'x');
  CHECK(running.client()
            .exchange("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n" + body)
            ->body == body);
  for (WireClient& upload : uploads)
    CHECK(upload.exchange("ello")->body == stream_answer("hello"));
}

TEST_CASE("Limits: with the pool's queue full a request is told to come back") {
  net::Options options;
  options.pool_queue = 1;
  RunningServer running(options);
  std::vector<WireClient> waiting;
  // Two threads take one request each, a third one fills the queue.
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(running.client());
    waiting.back().send("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
  }
  const auto finished = running.application.await_finished(5);
  for (const auto& exchange : finished)
    CHECK(exchange.status == 503);
  CHECK(running.client().exchange(kGet)->status == 200);

  running.application.gate.open();
  int served = 0;
  for (WireClient& client : waiting)
    served += client.read_response()->status == 200 ? 1 : 0;
  CHECK(served >= 1);  // how many depends on when the threads wake
  CHECK(served <= 3);
}

}  // namespace
}  // namespace shale::testing
