#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "server/http/message.h"
#include "server/net/unique_fd.h"

namespace shale::testing {

/// An answer as it came over the wire.
struct WireResponse {
  int status = 0;
  http::Headers headers;
  std::string body;

  std::string header(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
  }
};

/// Whether the answer has a body. With `kAbsent`, the one that Content-Length announces
/// does not come (HEAD).
enum class WireBody { kPresent, kAbsent };

/// Takes a whole answer off the front of what was `received`; none when it is not
/// all there yet.
std::optional<WireResponse> take_response(std::string& received, WireBody body);

/// A client that sends exactly the bytes it is given. Every wait ends after some
/// seconds, so that a server that does not answer fails the test.
class WireClient {
 public:
  /// `address` is `host:port`, `[v6]:port` or `unix:/path`.
  /// TCP may come `from` another address of this machine, such as 127.0.0.2.
  explicit WireClient(std::string_view address, std::string_view from = {});

  /// False when the server has closed meanwhile.
  bool send(std::string_view bytes);
  /// Sends as much as the socket takes without waiting; how much that was.
  std::size_t send_some(std::string_view bytes);
  void finish_sending();
  /// Goes away with a reset, as when its machine does; nothing works afterwards.
  void reset();

  /// The next answer; none when the connection ends first.
  using Body = WireBody;
  std::optional<WireResponse> read_response(Body body = Body::kPresent);
  /// Waits for bytes of any meaning; empty at the end.
  std::string receive_some();
  /// Bytes that wait to be read, without waiting for more.
  std::string read_some(std::size_t most);
  /// Whether the server closes the connection, with nothing more to read.
  bool closed_by_server();
  /// The same, and without a reset, which can destroy answers on their way.
  bool ended_by_server();

  std::optional<WireResponse> exchange(std::string_view request, Body body = Body::kPresent) {
    send(request);
    return read_response(body);
  }

 private:
  /// More bytes into `received_`; false at the end.
  bool receive();
  /// What a read gives once nothing that was received is left; 1 when nothing comes.
  ::ssize_t at_end();

  net::UniqueFd socket_;
  std::string received_;
};

}  // namespace shale::testing
