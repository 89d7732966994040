#include "server/net/tls_context.h"

#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>

#include "server/net/openssl.h"

namespace shale::net {
namespace {

/// Forward secrecy and authenticated encryption only. AES-128 comes first because it
/// is the fastest where the processor knows it; clients without prefer ChaCha20,
/// and get it.
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

constexpr std::uint64_t kOptions = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_ENABLE_KTLS;
/// Idle connections hold no buffers; a write that was blocked may be tried again
/// from elsewhere in memory, as long as the bytes are the same.
constexpr long kModes =
    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;

constexpr std::string_view kHttp11 = "http/1.1";

/// Who names protocols and not ours is refused, as RFC 7301 wants it (section 3.2).
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*context*/) {
  std::string_view list(reinterpret_cast<const char*>(offered), offered_size);
  while (!list.empty()) {
    const auto size = static_cast<unsigned char>(list.front());
    const std::string_view name = list.substr(1, size);
    if (name == kHttp11) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *chosen_size = size;
      return SSL_TLSEXT_ERR_OK;
    }
    list.remove_prefix(1 + name.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Any name is fine: those without a certificate get the first one.
int accept_name(SSL* /*ssl*/, int* /*alert*/, void* /*context*/) {
  return SSL_TLSEXT_ERR_OK;
}

int choose_certificate(SSL* ssl, void* watch) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto certificates = static_cast<const CertificateWatch*>(watch)->current();
  return certificates->show(*ssl, name == nullptr ? "" : name) ? 1 : 0;
}

/// OpenSSL asks here whenever it makes or reads a ticket.
int use_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                   EVP_MAC_CTX* mac, int making) {
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const std::span<unsigned char, TicketKeys::kNameSize> name_bytes(name, TicketKeys::kNameSize);
  const std::span<unsigned char, TicketKeys::kIvSize> iv_bytes(iv, TicketKeys::kIvSize);
  try {
    if (making == 1) return keys.seal(name_bytes, iv_bytes, *cipher, *mac) ? 1 : -1;
    switch (keys.open(name_bytes, iv_bytes, *cipher, *mac)) {
      case TicketKeys::Opened::kNo:
        return 0;
      case TicketKeys::Opened::kYes:
        return 1;
      case TicketKeys::Opened::kAgain:
        return 2;
    }
  } catch (const std::exception&) {
    // No randomness: without tickets it goes on, or not at all.
    return -1;
  }
  return -1;
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

void SslFree::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

TlsContext::TlsContext(const CertificateWatch& certificates)
    : tickets_(std::make_unique<TicketKeys>()), context_(SSL_CTX_new(TLS_server_method())) {
  constexpr std::string_view kSessions = "shale";
  SSL_CTX* context = context_.get();
  ERR_clear_error();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, kSuites12) != 1 ||
      SSL_CTX_set_ciphersuites(context, kSuites13) != 1 ||
      SSL_CTX_set_session_id_context(context,
                                     reinterpret_cast<const unsigned char*>(kSessions.data()),
                                     static_cast<unsigned int>(kSessions.size())) != 1) {
    throw std::runtime_error("TLS cannot be set up: " + openssl_reason());
  }
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_mode(context, kModes);
  // Fewer reads: what follows a record is taken along. Whoever reads goes on until
  // nothing is left, so nothing waits in there unseen.
  SSL_CTX_set_read_ahead(context, 1);
  // Sessions are resumed by tickets, which the client keeps: no cache, no lock.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // One for each handshake: every resumption brings the next one, and each costs a packet.
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_app_data(context, tickets_.get());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_ticket_key);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, accept_name);
  SSL_CTX_set_cert_cb(context, choose_certificate, const_cast<CertificateWatch*>(&certificates));
}

std::unique_ptr<ssl_st, SslFree> TlsContext::begin(int socket) const {
  ERR_clear_error();
  std::unique_ptr<ssl_st, SslFree> ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) throw std::bad_alloc();
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace shale::net
