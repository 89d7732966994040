#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
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

/// How far two sides have agreed on how to talk.
struct Handshake {
  enum class State : std::uint8_t {
    kDone,
    kBlocked,     ///< the event loop tells when to go on
    kInTheClear,  ///< the peer does not speak TLS; from now on the stream does not, either
    kFailed,
  };
  State state = State::kDone;
  std::string cause = {};  // NOLINT(readability-redundant-member-init): why it failed; empty when
                           // the peer just left
};

/// The bytes of one connection, without waiting: a plain socket, or TLS on one.
/// Used by the worker that owns the connection, and by no other thread.
///
/// Whoever waits for an event must have been told `kBlocked` by the last read:
/// bytes that were received already cause no further event.
class Stream {
 public:
  virtual ~Stream() = default;

  virtual int descriptor() const noexcept = 0;
  /// To be repeated until it is done, before anything else.
  virtual Handshake handshake() { return {}; }
  virtual Transfer read(std::span<std::byte> into) = 0;
  /// With `more`, further bytes follow at once: they may share a packet. What was
  /// blocked is tried again with the same bytes; there may be more of them.
  virtual Transfer write(std::string_view bytes, bool more) = 0;
  /// What was blocked is tried again at the same place in the same file.
  virtual Transfer send_file(int file, std::uint64_t offset, std::size_t length) = 0;
  /// Tells the peer that nothing follows: without it, the end looks like an accident.
  /// False when that has to wait; reading goes on with it.
  virtual bool take_leave() noexcept { return true; }
  /// Ends our direction, with leave taken; what the peer still sends can be read.
  virtual void shutdown_write() noexcept = 0;
};

}  // namespace shale::net
