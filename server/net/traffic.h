#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shale::net {

/// What a connection is at, as far as an operator cares.
enum class ConnectionState : std::uint8_t {
  kHandshake,  ///< of TLS
  kWaiting,    ///< for a request, or for the rest of its head
  kReceiving,  ///< the body of a request
  kWorking,    ///< a handler is at it
  kSending,    ///< the answer
  kClosing,    ///< reads past what nobody wanted, so that the client reads the answer
};
inline constexpr std::size_t kConnectionStates = 6;

/// What a server counts. Moved by its threads, read by any; each number by itself is right,
/// and two that are read one after the other may be a moment apart.
struct Traffic {
  std::array<std::atomic<std::int64_t>, kConnectionStates> connections{};
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> turned_away = 0;  ///< over a limit
  std::atomic<std::uint64_t> handshakes = 0;   ///< of TLS, that came to an end
  std::atomic<std::uint64_t> failed_handshakes = 0;

  std::int64_t in(ConnectionState state) const noexcept {
    return connections.at(static_cast<std::size_t>(state));
  }
  void enter(ConnectionState state) noexcept { ++connections.at(static_cast<std::size_t>(state)); }
  void leave(ConnectionState state) noexcept { --connections.at(static_cast<std::size_t>(state)); }
};

}  // namespace shale::net
