#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

struct ssl_st;          // OpenSSL's SSL
struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace shale::bench {

struct TlsFree {
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(ssl_session_st* session) const noexcept;
};

/// What a later connection needs to resume this one.
using TlsSession = std::unique_ptr<ssl_session_st, TlsFree>;

/// The client's side of TLS 1.3 on a blocking socket, which stays the caller's. It offers one
/// cipher (AES-128-GCM) and one group (X25519), so that all servers do the same work, and believes
/// any certificate. Any failure but the peer's closing ends the program.
class Tls {
 public:
  /// Shakes hands; `session`, if any, must be resumed.
  explicit Tls(int fd, ssl_session_st* session = nullptr);

  /// Of the newest ticket that has come: with the first answer there is one.
  TlsSession session() const;

  void send(std::string_view bytes) const;
  /// At most `size` bytes; 0 when the peer took leave or closed.
  std::size_t receive(char* buffer, std::size_t size) const;
  /// Throws away one record inside the kernel, without decrypting it, and returns how many bytes
  /// were in it. Nothing can be received afterwards, only thrown away.
  std::size_t discard();
  void take_leave() const;

 private:
  int fd_;
  std::unique_ptr<ssl_st, TlsFree> ssl_;
};

}  // namespace shale::bench
