#include "server/net/connection.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <doctest/doctest.h>

#include "tests/server/net/fake_application.h"

namespace shale::testing {
namespace {

/// A client that sends `input` and takes `room` bytes.
class ScriptedStream final : public net::Stream {
 public:
  ScriptedStream(std::string_view input, std::size_t room, std::string& output)
      : input_(input), room_(room), output_(output) {}

  int descriptor() const noexcept override { return -1; }
  net::Transfer read(std::span<std::byte> into) override {
    const std::size_t size = std::min(into.size(), input_.size());
    if (size == 0) return {};
    std::memcpy(into.data(), input_.data(), size);
    input_.remove_prefix(size);
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

 private:
  std::string_view input_;
  std::size_t room_;
  std::string& output_;
};

TEST_CASE("Connection: 100 Continue that finds no room is not followed by anything") {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  FakeApplication application;
  net::ConnectionLimit limit(1, 0);
  net::MemoryBudget memory(1 << 20);
  const net::Options options;
  std::array<std::byte, 1024> scratch{};
  net::Pool pool(1, 1);
  net::WorkerContext context{.application = application,
                             .pool = pool,
                             .memory = memory,
                             .options = options,
                             .inbox = std::make_shared<net::Inbox>(),
                             .scratch = scratch,
                             .next_request_id = [] { return "id"; },
                             .now = std::chrono::steady_clock::now(),
                             .date = "now"};
  for (std::size_t room = 0; room <= kContinue.size(); ++room) {
    CAPTURE(room);
    std::string output;
    auto stream = std::make_unique<ScriptedStream>(
        "POST /pool HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", room,
        output);
    net::Connection connection(1, std::move(stream), {}, *limit.acquire(""), context);
    connection.advance();
    CHECK(output == kContinue.substr(0, room));
    CHECK(connection.closed() == (room < kContinue.size()));
  }
}

}  // namespace
}  // namespace shale::testing
