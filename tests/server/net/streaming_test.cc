#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/server/net/server_fixture.h"

namespace shale::testing {
namespace {

/// Not the same in any two places, so that a piece out of order shows.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

std::string post(std::string_view path, std::size_t length) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

struct TemporaryFile {
  explicit TemporaryFile(std::string_view content) {
    char name[] = "/tmp/shale-net-XXXXXX";
    fd = ::mkstemp(name);
    ::unlink(name);
    REQUIRE(::write(fd, content.data(), content.size()) == static_cast<::ssize_t>(content.size()));
  }
  ~TemporaryFile() { ::close(fd); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  int fd;
};

TEST_CASE("Streaming: a large body reaches the sink whole and in order") {
  RunningServer running;
  const std::string body = pattern(5'000'000);
  auto client = running.client();
  REQUIRE(client.send(post("/stream", body.size()) + body));
  CHECK(client.read_response()->body == stream_answer(body));

  SUBCASE("and so does a chunked one, with chunks of every size") {
    std::string chunked = "POST /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size * 3 % 70'001) {
      size = std::min(size, body.size() - at);
      char head[16];
      std::snprintf(head, sizeof head, "%zx\r\n", size);
      chunked.append(head).append(body, at, size).append("\r\n");
    }
    REQUIRE(client.send(chunked + "0\r\n\r\n"));
    CHECK(client.read_response()->body == stream_answer(body));
  }
}

TEST_CASE("Streaming: a client that waits for 100 Continue is told to go on") {
  RunningServer running;
  auto client = running.client();
  client.send(
      "POST /stream HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  std::string interim;
  while (interim.size() < 25)
    interim += client.read_some(25 - interim.size());
  CHECK(interim == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  CHECK(client.read_response()->body == stream_answer("hello"));
}

TEST_CASE("Streaming: a refusal comes instead of 100 Continue") {
  RunningServer running;
  auto client = running.client();
  const auto response = client.exchange(
      "POST /refuse HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 403);
  CHECK(client.closed_by_server());
}

TEST_CASE("Streaming: a short body that is refused unread leaves the connection usable") {
  RunningServer running;
  auto client = running.client();
  CHECK(client.exchange(post("/refuse", 5) + "hello")->status == 403);
  CHECK(client.exchange("GET /point HTTP/1.1\r\nHost: t\r\n\r\n")->body == "hello");
}

TEST_CASE("Streaming: a refused body may follow the answer that ends the connection") {
  RunningServer running;
  for (const std::string_view head :
       {"POST /refuse HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
        "POST /refuse HTTP/1.0\r\nContent-Length: 5\r\n\r\n"}) {
    auto client = running.client();
    const auto response = client.exchange(head);
    REQUIRE(response);
    CHECK(response->status == 403);
    // The first piece would be answered with a reset, which the second would meet.
    for (const std::string_view piece : {"he", "llo"})
      CHECK(client.send(piece));
    CHECK(client.ended_by_server());
  }
}

TEST_CASE("Streaming: a long body that is refused does not keep the client from the answer") {
  RunningServer running;
  const std::string body = pattern(20'000'000);
  for (const std::string_view path : {"/refuse", "/refuse-late"}) {
    CAPTURE(path);
    auto client = running.client();
    client.send(post(path, body.size()) + body);
    const auto response = client.read_response();
    REQUIRE(response);
    CHECK(response->status == 403);
    CHECK(response->header("Connection") == "close");
  }
}

TEST_CASE("Streaming: while the sink is busy the server stops reading") {
  RunningServer running;
  const std::string body = pattern(64'000'000);
  auto client = running.client();
  client.send(post("/slow-stream", body.size()));

  // Sockets buffer some megabytes; the server itself may take two buffers.
  std::size_t sent = client.send_some(std::string_view(body).substr(0, 1000));
  running.application.gate.await_visitor();
  for (int quiet = 0; quiet < 50 && sent < body.size();) {
    const std::size_t more = client.send_some(std::string_view(body).substr(sent));
    sent += more;
    quiet = more > 0 ? 0 : quiet + 1;
    if (more == 0) std::this_thread::yield();
  }
  CHECK(sent < body.size() / 2);
  CHECK(running.application.streamed == 0);

  running.application.gate.open();
  REQUIRE(client.send(std::string_view(body).substr(sent)));
  CHECK(client.read_response()->body == stream_answer(body));
}

TEST_CASE("Streaming: what is wrong with a body is answered when its sink is let go") {
  RunningServer running;
  auto client = running.client();
  client.send(
      "POST /slow-stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
  running.application.gate.await_visitor();
  client.send("no size\r\n");
  for (int i = 0; i < 2; ++i)  // one with each worker, after it has seen the above
    CHECK(running.client().exchange("GET /point HTTP/1.1\r\nHost: t\r\n\r\n")->status == 200);
  CHECK(client.read_some(1).empty());

  running.application.gate.open();
  CHECK(client.read_response()->status == 400);
  CHECK(running.application.sinks_alive == 0);
}

TEST_CASE("Streaming: a client that goes away while its sink is busy leaves nothing behind") {
  RunningServer running;
  {
    auto client = running.client();
    client.send("POST /slow-stream HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhe");
    running.application.gate.await_visitor();
  }
  const auto finished = running.application.await_finished(1);
  REQUIRE(finished.size() == 1);
  CHECK_FALSE(finished.front().complete);
  CHECK(running.application.sinks_alive == 1);

  running.application.gate.open();
  running.server.stop(std::chrono::seconds{5});
  CHECK(running.application.sinks_alive == 0);
}

TEST_CASE("Streaming: files are sent whole, in slices and from an offset") {
  const std::string content = pattern(3'000'000);
  const TemporaryFile file(content);
  RunningServer running;
  auto client = running.client();
  for (const std::uint64_t offset : {0, 1, 1'234'567}) {
    running.application.file = {.owner = nullptr,
                                .descriptor = file.fd,
                                .offset = offset,
                                .length = content.size() - offset};
    const auto response = client.exchange("GET /file HTTP/1.1\r\nHost: t\r\n\r\n");
    REQUIRE(response);
    CHECK(response->body == content.substr(offset));
  }
}

TEST_CASE("Streaming: a file shorter than promised ends the connection, not the server") {
  const TemporaryFile file("short");
  RunningServer running;
  running.application.file = {.owner = nullptr, .descriptor = file.fd, .offset = 0, .length = 100};
  auto client = running.client();
  CHECK_FALSE(client.exchange("GET /file HTTP/1.1\r\nHost: t\r\n\r\n"));
  CHECK(running.client().exchange("GET /point HTTP/1.1\r\nHost: t\r\n\r\n")->status == 200);
}

TEST_CASE("Streaming: a client that does not read holds up nobody else") {
  net::Options options;
  options.body_memory = std::size_t{64} << 20;
  RunningServer running(options);
  std::vector<WireClient> lazy;
  for (int i = 0; i < 4; ++i) {
    lazy.push_back(running.client());
    lazy.back().send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  for (int i = 0; i < 4; ++i) {
    CHECK(running.client().exchange("GET /point HTTP/1.1\r\nHost: t\r\n\r\n")->body == "hello");
  }
  for (WireClient& client : lazy)
    CHECK(client.read_response()->body.size() == 8 << 20);
}

}  // namespace
}  // namespace shale::testing
