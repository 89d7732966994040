#include "server/net/tls_stream.h"

#include <filesystem>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/server/net/tls_fixture.h"

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

constexpr std::string_view kGetFile = "GET /file HTTP/1.1\r\nHost: t\r\n\r\n";

/// A server that sends this file.
struct FileServer : TlsServer {
  explicit FileServer(std::string content, net::Options options = {})
      : TlsServer(std::move(options)), bytes(std::move(content)) {
    write_file(folder / "file", bytes);
    file = net::UniqueFd(::open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC));
    application.file = {.owner = {}, .descriptor = file.get(), .length = bytes.size()};
  }
  std::string bytes;
  net::UniqueFd file;
};

TEST_CASE("TLS stream: files of every size around a record arrive whole") {
  for (const std::size_t size : {1U, 16383U, 16384U, 16385U, 65536U, 5'000'000U}) {
    FileServer running(pattern(size));
    auto client = running.ready_client();
    for (int i = 0; i < 2; ++i) {
      const auto response = client.exchange(kGetFile);
      REQUIRE(response);
      CHECK(response->body == running.bytes);
    }
  }
}

TEST_CASE("TLS stream: a slow reader gets every byte, from a file and from memory") {
  FileServer running(pattern(8 << 20));
  auto slow = running.ready_client();
  slow.send(std::string(kGetFile) + "GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
  // Nothing is read before the server is stuck in a record: what it could send is in
  // the kernel when both workers have answered somebody else.
  for (int i = 0; i < 4; ++i)
    CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
  std::string received;
  std::size_t step = 1;
  const auto read_slowly = [&]() -> std::string {
    while (true) {
      const bool enough = received.size() > running.bytes.size();
      if (auto response = enough ? take_response(received, WireBody::kPresent) : std::nullopt) {
        return response->body;
      }
      const std::string some = slow.read_some(step);
      if (some.empty()) return {};
      received += some;
      step = step * 3 % 30'011;
    }
  };
  CHECK(read_slowly() == running.bytes);
  CHECK(read_slowly() == std::string(running.bytes.size(), 'b'));
}

TEST_CASE("TLS stream: a file that is shorter than promised breaks the connection off") {
  FileServer running(pattern(100'000));
  running.application.file.length += 1;
  auto client = running.ready_client();
  client.send(kGetFile);
  CHECK_FALSE(client.read_response());
  CHECK_FALSE(client.server_took_leave());
}

TEST_CASE("TLS stream: a large body reaches the sink whole and in order") {
  TlsServer running;
  const std::string body = pattern(5'000'000);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto client = running.ready_client({.newest = version});
    REQUIRE(client.send(post("/stream", body.size()) + body));
    CHECK(client.read_response()->body == stream_answer(body));
  }
}

TEST_CASE("TLS stream: a body that waited inside of a record goes on when the store has room") {
  TlsServer running;
  const std::string body = pattern(3'000'000);
  auto client = running.ready_client();
  std::jthread sender([&] { client.send(post("/slow-stream", body.size()) + body); });
  running.application.gate.await_visitor();
  running.application.gate.open();
  sender.join();
  CHECK(client.read_response()->body == stream_answer(body));
}

TEST_CASE("TLS stream: requests that share a record are all answered, in their order") {
  TlsServer running;
  auto client = running.ready_client();
  client.send(
      "POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none" + std::string(kGetPoint) +
      "POST /stream HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\ntwo" + std::string(kGetPoint));
  CHECK(client.read_response()->body == "one");
  CHECK(client.read_response()->body == "hello");
  CHECK(client.read_response()->body == stream_answer("two"));
  CHECK(client.read_response()->body == "hello");
}

TEST_CASE("TLS stream: records that came in one packet are all read") {
  TlsServer running;
  auto client = running.ready_client();
  // The worker is held, so that all of them lie in the socket when it reads.
  auto holder = running.ready_client();
  auto holder_too = running.ready_client();
  holder.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
  holder_too.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
  running.application.gate.await_visitor();
  for (int i = 0; i < 50; ++i)
    client.send(kGetPoint);
  running.application.gate.open();
  for (int i = 0; i < 50; ++i)
    CHECK(client.read_response()->body == "hello");
}

TEST_CASE("TLS stream: new keys in the middle of a connection change nothing else") {
  FileServer running(pattern(1 << 20));
  auto client = running.ready_client();
  CHECK(client.exchange(kGetPoint)->body == "hello");
  REQUIRE(client.update_keys());
  CHECK(client.exchange(kGetFile)->body == running.bytes);
  REQUIRE(client.update_keys());
  CHECK(client.exchange(post("/stream", 5) + "hello")->body == stream_answer("hello"));
}

TEST_CASE("TLS stream: the server takes leave where an answer is the last one") {
  TlsServer running;
  for (const std::string_view request :
       {"GET /point HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        "GET /point HTTP/1.0\r\n\r\n", "GET /refuse HTTP/9.9\r\n\r\n"}) {
    auto client = running.ready_client();
    REQUIRE(client.exchange(request));
    CHECK(client.server_took_leave());
  }
}

TEST_CASE("TLS stream: the server takes leave of those who are idle when it stops") {
  TlsServer running;
  auto idle = running.ready_client();
  idle.exchange(kGetPoint);
  CHECK(running.server.stop(std::chrono::seconds{10}) == 0);
  CHECK(idle.server_took_leave());
}

TEST_CASE("TLS stream: an answer that is broken off ends without leave taken") {
  FileServer running(pattern(8 << 20));
  auto client = running.ready_client();
  client.send(kGetFile);
  client.read_some(1);
  running.server.stop(std::chrono::milliseconds{0});
  CHECK_FALSE(client.server_took_leave());
}

TEST_CASE("TLS stream: a client that took leave still gets its answer") {
  TlsServer running;
  auto client = running.ready_client();
  client.send("POST /pool HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
  client.take_leave();
  CHECK(client.read_response()->body == "hi");
  CHECK(client.server_took_leave());
}

TEST_CASE("TLS stream: a body that is cut short is no whole body, however the client ends") {
  TlsServer running;
  auto client = running.ready_client();
  client.send(post("/stream", 5) + "he");
  SUBCASE("with leave taken") {
    client.take_leave();
  }
  SUBCASE("without") {
    client.wire().finish_sending();
  }
  SUBCASE("in the middle of chunks") {
    auto chunked = running.ready_client();
    chunked.send(
        "POST /stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
    chunked.wire().finish_sending();
    CHECK_FALSE(chunked.read_response());
    client.wire().finish_sending();
  }
  const auto finished = running.application.await_finished(1);
  REQUIRE_FALSE(finished.empty());
  for (const auto& exchange : finished)
    CHECK_FALSE(exchange.complete);
}

TEST_CASE("TLS stream: a forged record ends its connection, and no other") {
  TlsServer running;
  auto client = running.ready_client();
  client.exchange(kGetPoint);
  client.wire().send(std::string_view("\x17\x03\x03\x00\x20", 5));
  client.wire().send(std::string(32, 'x'));
  CHECK_FALSE(client.read_response());
  CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS stream: the application is told that the client uses TLS") {
  TlsServer running;
  auto client = running.ready_client();
  CHECK(client.exchange("GET /scheme HTTP/1.1\r\nHost: t\r\n\r\n")->body == "https");
  CHECK(WireClient(running.server.addresses()[1])
            .exchange("GET /scheme HTTP/1.1\r\nHost: t\r\n\r\n")
            ->body == "http");
}

TEST_CASE("TLS stream: new certificates come into force without disturbing a download") {
  FileServer running(pattern(8 << 20));
  auto downloading = running.ready_client();
  downloading.send(kGetFile);
  downloading.read_some(1);
  running.folder.make("first", {"renewed.example"});
  CHECK(running.server.reload_certificates());
  CHECK(running.ready_client().certified() == "renewed.example");
  CHECK(downloading.certified() == "first.example");
  std::string rest;
  while (rest.size() < running.bytes.size()) {
    const std::string some = downloading.read_some(1 << 20);
    if (some.empty()) break;
    rest += some;
  }
  CHECK(rest.find(running.bytes) != std::string::npos);
}

TEST_CASE("TLS stream: changed files come into force by themselves") {
  TlsServer running;
  CertificateFolder elsewhere;
  const auto renewed = elsewhere.make("first", {"renewed.example"});
  const auto files = running.folder.named("first");
  std::filesystem::rename(renewed.certificate, files.certificate);
  std::filesystem::rename(renewed.key, files.key);
  std::string certified;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (certified != "renewed.example" && std::chrono::steady_clock::now() < end)
    certified = running.ready_client().certified();
  CHECK(certified == "renewed.example");
}

}  // namespace
}  // namespace shale::testing
