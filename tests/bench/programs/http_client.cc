#include "tests/bench/programs/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace shale::bench {
namespace {

constexpr std::size_t kLargestHead = 32768;

// The value of a field by its name in lower case; empty where there is none.
std::string field(std::string_view head, std::string_view name) {
  std::size_t line = head.find("\r\n");
  while (line != std::string_view::npos && line + 2 < head.size()) {
    line += 2;
    const std::size_t end = head.find("\r\n", line);
    const std::string_view text = head.substr(line, end - line);
    if (text.size() > name.size() && text[name.size()] == ':' &&
        std::equal(name.begin(), name.end(), text.begin(),
                   [](char a, char b) { return a == std::tolower(b); })) {
      const std::size_t value = text.find_first_not_of(' ', name.size() + 1);
      return std::string(value == std::string_view::npos ? std::string_view{} : text.substr(value));
    }
    line = end;
  }
  return {};
}

// Path and query of a Location, which may be absolute.
std::string target_of(const std::string& location) {
  const std::size_t scheme = location.find("://");
  return scheme == std::string::npos ? location : location.substr(location.find('/', scheme + 3));
}

}  // namespace

HttpClient::HttpClient(const std::string& address)
    : HttpClient(address, Socket::connect(address)) {}

HttpClient::HttpClient(const std::string& address, Socket socket)
    : host_(host_of(address)), socket_(std::move(socket)) {}

std::string HttpClient::head_text(std::string_view method, std::string_view target,
                                  std::string_view fields) const {
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(host_);
  return head.append("\r\nUser-Agent: shale-bench\r\n").append(fields).append("\r\n");
}

void HttpClient::send_head(std::string_view method, std::string_view target,
                           std::string_view fields) const {
  socket_.send(head_text(method, target, fields));
}

Head HttpClient::receive_head() {
  std::array<char, 16384> piece{};
  std::size_t end = 0;
  while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
    const std::size_t received = socket_.receive(piece.data(), piece.size());
    if (received == 0 || rest_.size() > kLargestHead) {
      die("the server closed the connection instead of answering: " + rest_);
    }
    rest_.append(piece.data(), received);
  }
  const std::string text = rest_.substr(0, end + 2);
  rest_.erase(0, end + 4);

  Head head;
  head.line = text.substr(0, text.find("\r\n"));
  if (head.line.size() < 12) {
    die("not an answer: " + head.line);
  }
  head.status = static_cast<int>(number(head.line.substr(9, 3).c_str()));
  if (const std::string length = field(text, "content-length"); !length.empty()) {
    head.content_length = number(length.c_str());
  }
  head.location = target_of(field(text, "location"));
  return head;
}

void HttpClient::skip_body(const Head& head) {
  std::uint64_t left = head.content_length;
  const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(left, rest_.size()));
  rest_.erase(0, here);
  left -= here;
  while (left > 0) {
    const std::size_t received = socket_.discard(std::min<std::uint64_t>(left, 4 << 20));
    if (received == 0) {
      die("the server closed the connection within a body");
    }
    if (received > left) {
      die("more came than the body was to have");
    }
    left -= received;
  }
}

Head HttpClient::ask(std::string_view method, std::string_view target, std::string_view fields,
                     std::string_view body) {
  std::string all(fields);
  if (method != "GET" && method != "HEAD") {
    all += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  // In one piece, as clients with a buffer send it.
  socket_.send(head_text(method, target, all).append(body));
  Head head = receive_head();
  if (method != "HEAD") {
    skip_body(head);
  }
  return head;
}

Head HttpClient::expect(int expected, std::string_view method, std::string_view target,
                        std::string_view fields, std::string_view body) {
  Head head = ask(method, target, fields, body);
  if (head.status != expected) {
    die(std::string(method) + " " + std::string(target) + ": " + head.line);
  }
  return head;
}

Head HttpClient::receive_expected(int expected) {
  Head head = receive_head();
  if (head.status != expected) {
    die("expected " + std::to_string(expected) + ", got " + head.line);
  }
  skip_body(head);
  return head;
}

std::string closing_target(const std::string& location, const std::string& digest) {
  return location + (location.find('?') == std::string::npos ? "?" : "&") + "digest=" + digest;
}

}  // namespace shale::bench
