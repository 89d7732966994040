#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/server/api/drivers.h"

namespace shale::testing {

/// Whether a client may go on with its next request on the same connection.
enum class After : std::uint8_t {
  kStaysOpen,
  kCloses,        ///< without a reset, whatever the client still sends
  kClosesAsAsked  ///< as the client wished; what it sends behind that is its own fault
};

/// Limits and patience as the program has them, but for the time that a message in
/// single bytes may take on a busy machine.
net::Options patient();

/// One of the answers to a message.
struct WireAnswer {
  int status = 0;
  std::string_view code = "";  ///< of the first error; empty for none
};

/// Stands for the path of a fresh upload, and is as long as one.
inline constexpr std::string_view kFreshUpload =
    "/v2/app/blobs/uploads/........-....-4...-....-............";

/// Bytes that a client sends, and the answers that they have to get, in their order
/// and no more of them. A `kFreshUpload` in the bytes is one of its own each time.
struct WireRow {
  std::string_view what;
  std::string message;
  std::vector<WireAnswer> answers;
  After after = After::kStaysOpen;
};

/// The registry of the real program, over files and RocksDB, on a port of its own,
/// with one worker: whatever one client does to it, all others feel.
class WireServer {
 public:
  explicit WireServer(net::Options options = patient(), const Setup& setup = {});

  /// A connection that the worker has in hand: it has answered a request.
  WireClient client() const;
  /// One that may not be accepted yet, from that address of this machine.
  WireClient stranger(std::string_view from = {}) const;

  /// Asks for /v2/ on a connection that others do not use, and gets it. The one
  /// worker takes what happened in the order in which it happened: afterwards it
  /// has read what was sent before.
  void serves();

  std::size_t open_connections() const { return server_.open_connections(); }
  /// Waits until nobody but `serves` is connected. False when that does not come.
  bool is_quiet() const;

  /// The location of a fresh upload in the repository `app`.
  std::string start_upload();
  /// Files of uploads under way.
  std::size_t uploads_on_disk() const;
  registry::Registry& registry() { return house_.registry; }

  /// Sends each row whole, cut in two at every byte, byte by byte, and whole from
  /// a client that then closes its side, and compares: the answers are the same
  /// each time, to their last byte, and afterwards the server serves.
  void expect(const std::vector<WireRow>& rows);

 private:
  /// A way to send a message; the worker has read each piece before the next comes.
  struct Pieces {
    std::vector<std::size_t> cuts;  ///< where a piece ends, but for the last
    bool half_closed = false;
  };

  void expect(const WireRow& row);
  std::string expect(const WireRow& row, const Pieces& pieces);
  WireClient& connection();

  House<DiskStores> house_;
  net::Server server_;
  std::optional<WireClient> pacer_;
  std::optional<WireClient> connection_;  ///< as the last row left it
};

/// A condition that comes about by itself, in bounded time.
template <class Condition>
bool becomes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace shale::testing
