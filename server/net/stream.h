#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shale::net {

/// What came of an I/O attempt on a non-blocking connection.
struct Transfer {
  enum class State : std::uint8_t {
    kMoved,    ///< `bytes` went through
    kBlocked,  ///< nothing now; the event loop tells when
    kEnded,    ///< the peer sent its end (reading only)
    kBroken,   ///< the connection, or the file that was to be sent, failed
  };
  State state = State::kBlocked;
  std::size_t bytes = 0;
};

/// The bytes of one connection, without waiting: a plain socket, or TLS on one.
/// Used by the worker that owns the connection, and by no other thread.
class Stream {
 public:
  virtual ~Stream() = default;

  virtual int descriptor() const noexcept = 0;
  virtual Transfer read(std::span<std::byte> into) = 0;
  /// With `more`, further bytes follow at once: they may share a packet.
  virtual Transfer write(std::string_view bytes, bool more) = 0;
  virtual Transfer send_file(int file, std::uint64_t offset, std::size_t length) = 0;
  /// Ends our direction; what the peer still sends can be read.
  virtual void shutdown_write() noexcept = 0;
};

}  // namespace shale::net
