#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/programs/socket.h"

namespace shale::bench {

/// The start of an answer; its body is still to be read.
struct Head {
  int status = 0;
  std::uint64_t content_length = 0;
  /// Where an upload goes on, as path and query; empty without a Location.
  std::string location;
  std::string line;
};

/// One connection to a registry that asks one thing after the other. Knows only answers with a
/// Content-Length, which is what pushes and blobs get. One thread uses it.
class HttpClient {
 public:
  /// `address` as `Socket::connect` takes it.
  explicit HttpClient(const std::string& address);
  /// On a socket that is connected to `address`.
  HttpClient(const std::string& address, Socket socket);

  /// `fields` are whole lines with their ends. The body, if any, follows through `socket()`.
  void send_head(std::string_view method, std::string_view target,
                 std::string_view fields = {}) const;
  const Socket& socket() const { return socket_; }

  Head receive_head();
  /// Reads the body of `head` and throws it away. With TLS, a body that did not come with its head
  /// is not decrypted, and nothing can be asked for afterwards.
  void skip_body(const Head& head);

  /// Sends a whole request, and throws the body of its answer away.
  Head ask(std::string_view method, std::string_view target, std::string_view fields = {},
           std::string_view body = {});
  /// The same, and ends the program unless the status is `expected`.
  Head expect(int expected, std::string_view method, std::string_view target,
              std::string_view fields = {}, std::string_view body = {});
  /// Receives an answer that has to have this status.
  Head receive_expected(int expected);

 private:
  std::string head_text(std::string_view method, std::string_view target,
                        std::string_view fields) const;

  std::string host_;
  Socket socket_;
  /// What came after the last head.
  std::string rest_;
};

/// The location of an upload with its digest: the target that closes it.
std::string closing_target(const std::string& location, const std::string& digest);

}  // namespace shale::bench
