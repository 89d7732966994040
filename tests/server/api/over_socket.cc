#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

net::Options on_free_port() {
  net::Options options;
  options.listen = {"127.0.0.1:0"};
  options.workers = 2;
  options.pool_threads = 4;
  return options;
}

class HeldOverSocket final : public HeldRequest {
 public:
  HeldOverSocket(const std::string& address, std::string_view head, std::string_view body)
      : connection_(address) {
    REQUIRE(connection_.send(head));
    // The server asks for the body when a handler has opened its sink.
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string read;
    while (read.size() < kContinue.size() && std::chrono::steady_clock::now() < end) {
      read += connection_.read_some(kContinue.size() - read.size());
      std::this_thread::yield();
    }
    REQUIRE(read == kContinue);
    REQUIRE(connection_.send(body));
  }

  WireResponse finish(std::string_view rest) override {
    REQUIRE(connection_.send(rest));
    auto answer = connection_.read_response();
    REQUIRE(answer);
    return *answer;
  }

 private:
  WireClient connection_;
};

}  // namespace

OverSocket::OverSocket(const Setup& setup) : house_(setup), server_(house_.api, on_free_port()) {}

WireResponse OverSocket::exchange(std::string_view request) {
  if (!connection_) connection_ = std::make_unique<WireClient>(server_.addresses().front());
  const bool head = request.starts_with("HEAD ");
  auto answer =
      connection_->exchange(request, head ? WireClient::Body::kAbsent : WireClient::Body::kPresent);
  REQUIRE(answer);
  if (answer->header("Connection") == "close") connection_.reset();
  return *answer;
}

std::unique_ptr<HeldRequest> OverSocket::hold(std::string_view head, std::string_view body) {
  return std::make_unique<HeldOverSocket>(server_.addresses().front(), head, body);
}

}  // namespace shale::testing
