#include "server/net/connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/net/fake_application.h"

namespace shale::testing {
namespace {

/// A client that sends `pieces`, each in its own time, and takes `room` bytes.
class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream(std::vector<std::string> pieces, std::size_t room, std::string& output)
      : pieces_(std::move(pieces)), room_(room), output_(output) {}

  int descriptor() const noexcept override { return -1; }
  net::Transfer read(std::span<std::byte> into) override {
    if (pieces_.empty()) return {};
    std::string& piece = pieces_.front();
    const std::size_t size = std::min(into.size(), piece.size());
    std::memcpy(into.data(), piece.data(), size);
    piece.erase(0, size);
    if (piece.empty()) pieces_.erase(pieces_.begin());
    return {net::Transfer::State::kMoved, size};
  }
  net::Transfer write(std::string_view bytes, bool /*more*/) override {
    const std::string_view taken = bytes.substr(0, room_);
    if (taken.empty()) return {};
    room_ -= taken.size();
    output_ += taken;
    return {net::Transfer::State::kMoved, taken.size()};
  }
  net::Transfer send_file(int /*file*/, std::uint64_t /*offset*/, std::size_t /*length*/) override {
    return {};
  }
  void shutdown_write() noexcept override {}

  /// What the server has not read yet.
  std::size_t left() const {
    std::size_t bytes = 0;
    for (const std::string& piece : pieces_)
      bytes += piece.size();
    return bytes;
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t room_;
  std::string& output_;
};

/// What a connection needs around it.
struct Surroundings {
  explicit Surroundings(std::size_t body_memory = 1 << 20) : memory(body_memory) {}

  net::Connection connection(std::unique_ptr<net::Stream> stream) {
    return {1, std::move(stream), {}, *limit.acquire(""), context};
  }

  FakeApplication application;
  net::ConnectionLimit limit{1, 0};
  net::MemoryBudget memory;
  const net::Options options;
  net::Traffic traffic;
  std::array<std::byte, std::size_t{64} * 1024> scratch{};
  std::optional<net::Pool> pool{std::in_place, 1, 1};
  net::WorkerContext context{.application = application,
                             .pool = *pool,
                             .aside = *pool,
                             .memory = memory,
                             .options = options,
                             .traffic = traffic,
                             .timeouts = options.timeouts,
                             .head = options.head,
                             .inbox = std::make_shared<net::Inbox>(),
                             .scratch = scratch,
                             .next_request_id = [] { return "id"; },
                             .now = std::chrono::steady_clock::now(),
                             .date = "now"};
};

TEST_CASE("Connection: 100 Continue that finds no room is not followed by anything") {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  Surroundings around;
  for (std::size_t room = 0; room <= kContinue.size(); ++room) {
    CAPTURE(room);
    std::string output;
    net::Connection connection = around.connection(std::make_unique<ScriptedStream>(
        std::vector<std::string>{
            "POST /pool HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"},
        room, output));
    connection.advance();
    CHECK(output == kContinue.substr(0, room));
    CHECK(connection.closed() == (room < kContinue.size()));
  }
}

/// A request whose body comes together with 40 KB of further requests.
struct SentAhead {
  SentAhead(Surroundings& around, const std::string& framing, const std::string& body)
      : stream(new ScriptedStream(
            {"POST /pool HTTP/1.1\r\nHost: t\r\n" + framing + "\r\n\r\n", body + ahead()}, 1 << 20,
            output)),
        connection(around.connection(std::unique_ptr<net::Stream>(stream))) {
    connection.advance();
  }

  static std::string ahead() {
    std::string requests;
    while (requests.size() < kAhead)
      requests += "GET /point HTTP/1.1\r\nHost: t\r\n\r\n";
    return requests;
  }
  /// The pool ends what it was given.
  void answer(Surroundings& around) {
    around.pool.reset();
    connection.job_done();
  }

  static constexpr std::size_t kAhead = 40'000;
  std::string output;
  ScriptedStream* stream;  // of the connection
  net::Connection connection;
};

TEST_CASE("Connection: what is sent ahead of a body with a length stays in the socket") {
  Surroundings around;
  const SentAhead sent(around, "Content-Length: 5", "hello");
  CHECK(sent.stream->left() > SentAhead::kAhead / 2);
}

const std::string kChunks = "5\r\nhello\r\n0\r\n\r\n";

TEST_CASE("Connection: what is sent ahead of a body in chunks counts as memory for bodies") {
  Surroundings around;
  const std::size_t before = around.memory.left();
  SentAhead sent(around, "Transfer-Encoding: chunked", kChunks);
  CHECK(before - around.memory.left() > SentAhead::kAhead);
  sent.answer(around);
  while (sent.connection.wants_turn())
    sent.connection.advance();
  CHECK(sent.output.find("Connection: close") == std::string::npos);
  CHECK(std::ranges::count(sent.output, 'H') > 1'000);  // one in each HTTP/1.1
  CHECK(around.memory.left() == before);
}

TEST_CASE("Connection: where there is no memory for what is sent ahead, the answer is the last") {
  Surroundings around(/*body_memory=*/2'000);
  SentAhead sent(around, "Transfer-Encoding: chunked", kChunks);
  CHECK(around.memory.left() >= 1'000);
  sent.answer(around);
  CHECK(sent.output.starts_with("HTTP/1.1 200 "));
  CHECK(sent.output.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(sent.output.ends_with("hello"));
  CHECK(around.application.planned == 1);
}

}  // namespace
}  // namespace shale::testing
