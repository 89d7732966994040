#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/net/unique_fd.h"

namespace shale::net {

/// A connection that this program opened, in the clear or in TLS. Its calls wait, but no
/// longer than the limit that it was made with. Not thread-safe.
class Wire {
 public:
  struct Moved {
    std::size_t bytes = 0;
    std::string fault;  ///< empty: `bytes` have moved; of a read, 0: the other side has ended
  };

  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;

  /// Of as many bytes as there are and fit, or can be sent now; never called with none.
  virtual Moved read(std::span<std::byte> into) = 0;
  virtual Moved write(std::string_view bytes) = 0;
};

/// A socket whose other end has answered, and on the way there.
struct Dialed {
  UniqueFd socket;
  std::string address;  ///< the one that answered: `127.0.0.1:5000`, or the path of a unix socket
  std::vector<std::string> deaf;  ///< addresses that were tried before it, with their reasons
  std::chrono::microseconds resolving{};
  std::chrono::microseconds connecting{};
};

/// Resolves `host`, a name or an IP address without brackets, and tries its addresses in
/// their order. `limit` bounds each attempt and, later, each call on the socket. Or says
/// why nobody answers; how long the resolver takes is its own affair.
std::variant<Dialed, std::string> dial_tcp(const std::string& host, const std::string& port,
                                           std::chrono::milliseconds limit);

/// Waits as long as it takes, then and later.
std::variant<Dialed, std::string> dial_unix(const std::string& path);

/// The bytes as they are.
std::unique_ptr<Wire> plain_wire(UniqueFd socket);

}  // namespace shale::net
