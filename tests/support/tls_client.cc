#include "tests/support/tls_client.h"

#include <algorithm>
#include <array>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace shale::testing {
namespace {

struct ContextFree {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

}  // namespace

void TlsFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}
void TlsFree::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

TlsClient::TlsClient(std::string_view address, const TlsClientOptions& options) : wire_(address) {
  const std::unique_ptr<SSL_CTX, ContextFree> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), options.newest);
  // Old versions are only to be had without demands on security.
  if (options.newest != 0) SSL_CTX_set_security_level(context.get(), 0);
  ssl_.reset(SSL_new(context.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
  SSL_set_connect_state(ssl_.get());
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  }
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl_.get(),
                        reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned int>(options.protocols.size()));
  }
  if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
}

void TlsClient::flush(std::size_t piece) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
  std::string_view bytes(data, static_cast<std::size_t>(size));
  while (!bytes.empty()) {
    if (!wire_.send(bytes.substr(0, piece))) break;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  static_cast<void>(BIO_reset(SSL_get_wbio(ssl_.get())));
}

bool TlsClient::fill() {
  const std::string bytes = wire_.receive_some();
  BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
  return !bytes.empty();
}

template <class Step>
bool TlsClient::go_on(Step step, std::size_t piece) {
  while (true) {
    ERR_clear_error();
    const int returned = step();
    const int error = SSL_get_error(ssl_.get(), returned);
    flush(piece);
    if (returned == 1) return true;
    if (error == SSL_ERROR_WANT_READ && fill()) continue;
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    trouble_ = reason == nullptr ? "the connection ended" : reason;
    return false;
  }
}

bool TlsClient::handshake(std::size_t piece) {
  return go_on([&] { return SSL_do_handshake(ssl_.get()); }, piece);
}

void TlsClient::send_hello(std::size_t bytes) {
  SSL_do_handshake(ssl_.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
  wire_.send(std::string_view(data, static_cast<std::size_t>(size)).substr(0, bytes));
}

bool TlsClient::send(std::string_view bytes) {
  constexpr std::size_t kPiece = 256UL * 1024;  // what lies in memory at once
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    std::size_t sent = 0;
    const auto write = [&] { return SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &sent); };
    if (!go_on(write, kWhole)) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

std::string TlsClient::read_some(std::size_t most) {
  std::string bytes(most, '\0');
  std::size_t got = 0;
  if (!go_on([&] { return SSL_read_ex(ssl_.get(), bytes.data(), most, &got); }, kWhole)) got = 0;
  bytes.resize(got);
  return bytes;
}

std::optional<WireResponse> TlsClient::read_response(WireBody body) {
  constexpr std::size_t kRead = 64UL * 1024;
  while (true) {
    if (auto response = take_response(received_, body)) return response;
    const std::string bytes = read_some(kRead);
    if (bytes.empty()) return std::nullopt;
    received_ += bytes;
  }
}

bool TlsClient::update_keys() {
  if (SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) != 1) return false;
  return handshake();
}

bool TlsClient::renegotiate() {
  if (SSL_renegotiate(ssl_.get()) != 1) return false;
  if (!handshake()) return false;
  // What was refused is only told to who reads.
  std::array<char, 1> byte{};
  std::size_t got = 0;
  return go_on([&] { return SSL_peek_ex(ssl_.get(), byte.data(), byte.size(), &got); }, kWhole);
}

void TlsClient::take_leave() {
  SSL_shutdown(ssl_.get());
  flush(kWhole);
}

bool TlsClient::server_took_leave() {
  constexpr std::size_t kRead = 64UL * 1024;
  while (!read_some(kRead).empty()) {
  }
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string TlsClient::version() const {
  return SSL_get_version(ssl_.get());
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsClient::certified() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  std::array<char, 128> name{};
  if (certificate == nullptr) return {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

bool TlsClient::resumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

TlsSession TlsClient::session() const {
  return TlsSession(SSL_get1_session(ssl_.get()));
}

}  // namespace shale::testing
