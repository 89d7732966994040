#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/wire_client.h"

struct ssl_st;          // OpenSSL's SSL
struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace shale::testing {

struct TlsFree {
  void operator()(ssl_st* ssl) const noexcept;
  void operator()(ssl_session_st* session) const noexcept;
};
using TlsSession = std::unique_ptr<ssl_session_st, TlsFree>;

struct TlsClientOptions {
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named everywhere.
  std::string server_name = {};  ///< empty: none is sent
  int newest = 0;                ///< version, as OpenSSL numbers them; 0: any
  std::string protocols = {};    ///< for ALPN, each behind its length
  ssl_session_st* session = nullptr;
  // NOLINTEND(readability-redundant-member-init)
};

/// A client that speaks TLS, one step at a time, and believes any certificate. Every
/// wait ends after some seconds.
class TlsClient {
 public:
  explicit TlsClient(std::string_view address, const TlsClientOptions& options = {});

  static constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();
  /// False when the server refuses; `trouble` says why, then. Messages are sent in
  /// pieces of so many bytes.
  bool handshake(std::size_t piece = kWhole);
  const std::string& trouble() const noexcept { return trouble_; }
  /// Sends so much of the first message and no more.
  void send_hello(std::size_t bytes);

  /// In one record, when it is no more than 16 KiB.
  bool send(std::string_view bytes);
  std::optional<WireResponse> read_response(WireBody body = WireBody::kPresent);
  std::optional<WireResponse> exchange(std::string_view request) {
    send(request);
    return read_response();
  }
  /// Waits for bytes and decrypts about so many of them; empty at the end.
  std::string read_some(std::size_t most);
  /// Asks for new keys, of both sides.
  bool update_keys();
  /// Begins another handshake (TLS 1.2); false when the server does not want one.
  bool renegotiate();

  /// Says that nothing follows, as TLS wants it.
  void take_leave();
  /// Whether the server has said so, when the connection has ended.
  bool server_took_leave();
  /// The bytes below, for what is not TLS.
  WireClient& wire() noexcept { return wire_; }

  std::string version() const;
  std::string protocol() const;   ///< that ALPN chose
  std::string certified() const;  ///< the common name in the server's certificate
  bool resumed() const;
  TlsSession session() const;

 private:
  void flush(std::size_t piece);
  bool fill();
  /// Repeats `step` until it is done; false when it fails.
  template <class Step>
  bool go_on(Step step, std::size_t piece);

  WireClient wire_;
  std::unique_ptr<ssl_st, TlsFree> ssl_;
  std::string trouble_;
  std::string received_;
};

}  // namespace shale::testing
