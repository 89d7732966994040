#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "server/net/plain_stream.h"
#include "server/net/stream.h"
#include "server/net/tls_context.h"
#include "server/net/unique_fd.h"

namespace shale::net {

/// TLS on a TCP socket, which it owns. Until the client says something, it is
/// nothing but the socket.
///
/// OpenSSL writes to sockets in a way that raises SIGPIPE when the peer is gone: the
/// thread must have it blocked, or the process ignore it.
class TlsStream final : public Stream {
 public:
  /// `context` must outlive this. `scratch`, at least 16 KiB, is used within
  /// `send_file` only, for what the kernel cannot encrypt.
  TlsStream(UniqueFd socket, const TlsContext& context, std::span<std::byte> scratch)
      : socket_(std::move(socket)), context_(context), scratch_(scratch) {}

  int descriptor() const noexcept override { return socket_.descriptor(); }
  Handshake handshake() override;
  Transfer read(std::span<std::byte> into) override;
  Transfer write(std::string_view bytes, bool more) override;
  Transfer send_file(int file, std::uint64_t offset, std::size_t length) override;
  bool take_leave() noexcept override;
  void shutdown_write() noexcept override;

 private:
  /// Whether the end of our direction has been said, and to whom.
  enum class Leave : std::uint8_t {
    kNone,
    kSaying,  ///< the socket has no room for the alert yet
    kEnding,  ///< the same, and the socket's direction ends behind it
    kTaken,
  };

  Transfer outcome(int returned, std::size_t moved);
  void go_on_leaving() noexcept;

  PlainStream socket_;
  const TlsContext& context_;
  std::span<std::byte> scratch_;
  std::unique_ptr<ssl_st, SslFree> ssl_;  ///< none: silent so far, or in the clear
  bool usable_ = false;                   ///< hands are shaken, and nothing has failed since
  Leave leave_ = Leave::kNone;
};

}  // namespace shale::net
