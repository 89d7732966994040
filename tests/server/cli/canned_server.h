#pragma once

#include <array>
#include <cstring>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/cli/command_line.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {

/// Stands on a control socket and gives each request the same answer.
class CannedServer {
 public:
  CannedServer(const std::string& path, int status, const std::string& body)
      : listening_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    ::sockaddr_un name{};
    name.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof name.sun_path);
    std::memcpy(name.sun_path, path.data(), path.size());
    REQUIRE(::bind(listening_, reinterpret_cast<const ::sockaddr*>(&name), sizeof name) == 0);
    REQUIRE(::listen(listening_, 1) == 0);
    answer_ = "HTTP/1.1 " + std::to_string(status) +
              " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body;
    thread_ = std::jthread([this] { serve_one(); });
  }
  ~CannedServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  std::string request() {
    ::shutdown(listening_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::jthread([] {});
    return request_;
  }

 private:
  void serve_one() {
    const int peer = ::accept(listening_, nullptr, nullptr);
    if (peer < 0) return;
    std::array<char, 4096> piece{};
    std::size_t wanted = std::string::npos;
    while (request_.size() < wanted) {
      const auto got = ::read(peer, piece.data(), piece.size());
      if (got <= 0) break;
      request_.append(piece.data(), static_cast<std::size_t>(got));
      const auto end = request_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const auto length = request_.find("Content-Length: ");
      wanted = end + 4 + (length < end ? std::stoul(request_.substr(length + 16)) : 0);
    }
    static_cast<void>(::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL));
    ::close(peer);
  }

  int listening_;
  std::string answer_;
  std::string request_;
  std::jthread thread_;
};

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline Outcome shale(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(
      arguments,
      {.environment = {}, .out = out, .err = err, .serve = [](const auto&) { return kFailure; }});
  return {code, out.str(), err.str()};
}

/// What came of a command, and what it asked the server.
struct Asked {
  Outcome outcome;
  std::string request;

  std::string line() const { return request.substr(0, request.find(" HTTP/1.1\r\n")); }
  nlohmann::json body() const {
    return nlohmann::json::parse(request.substr(request.find("\r\n\r\n")));
  }
};

inline Asked ask(std::vector<std::string> arguments, const std::string& answer, int status = 200) {
  const testing::TemporaryDirectory directory;
  const std::string socket = (directory / "s").string();
  CannedServer server(socket, status, answer);
  arguments.insert(arguments.end(), {"--socket", socket});
  Outcome outcome = shale(arguments);
  return {std::move(outcome), server.request()};
}

}  // namespace shale::cli
