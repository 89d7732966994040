#pragma once

#include <memory>

#include "server/net/certificate_watch.h"
#include "server/net/ticket_keys.h"

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace shale::net {

struct SslFree {
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(ssl_ctx_st* context) const noexcept;
};

/// What all TLS connections have in common: versions, suites, ALPN, the keys of the
/// session tickets, and the choice of a certificate. One for the life of the
/// server: tickets outlive a change of certificates. Thread-safe.
class TlsContext {
 public:
  /// `certificates` must outlive this. Throws `std::runtime_error` when OpenSSL
  /// cannot be set up.
  explicit TlsContext(const CertificateWatch& certificates);
  TlsContext(const TlsContext&) = delete;  // OpenSSL keeps a pointer to the keys
  TlsContext& operator=(const TlsContext&) = delete;

  /// The server's side of a connection on `socket`, which stays the caller's. Throws
  /// `std::bad_alloc`.
  std::unique_ptr<ssl_st, SslFree> begin(int socket) const;

 private:
  std::unique_ptr<TicketKeys> tickets_;
  std::unique_ptr<ssl_ctx_st, SslFree> context_;
};

}  // namespace shale::net
