#include "tests/bench/programs/tls.h"

#include <array>
#include <string>

#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/bench/programs/socket.h"

namespace shale::bench {
namespace {

constexpr std::size_t kHeader = 5;
constexpr unsigned char kApplicationData = 23;
/// What TLS 1.3 with AES-GCM adds to the bytes of a record: their type and a tag.
constexpr std::size_t kAdded = 17;

[[noreturn]] void die_of_tls(std::string_view what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  die(std::string(what) + ": " + reason.data());
}

// One for the program, never freed.
SSL_CTX* context() {
  static SSL_CTX* const made = [] {
    SSL_CTX* fresh = SSL_CTX_new(TLS_client_method());
    if (fresh == nullptr || SSL_CTX_set_min_proto_version(fresh, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(fresh, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set1_groups_list(fresh, "X25519") != 1) {
      die_of_tls("TLS");
    }
    SSL_CTX_set_verify(fresh, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(fresh, SSL_SESS_CACHE_OFF);
    return fresh;
  }();
  return made;
}

}  // namespace

void TlsFree::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

void TlsFree::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

Tls::Tls(int fd, ssl_session_st* session) : fd_(fd), ssl_(SSL_new(context())) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1 ||
      (session != nullptr && SSL_set_session(ssl_.get(), session) != 1)) {
    die_of_tls("TLS");
  }
  if (SSL_connect(ssl_.get()) != 1) {
    die_of_tls("handshake");
  }
  if (session != nullptr && SSL_session_reused(ssl_.get()) != 1) {
    die("the server did not resume the session");
  }
}

TlsSession Tls::session() const {
  TlsSession session(SSL_get1_session(ssl_.get()));
  if (!session || SSL_SESSION_is_resumable(session.get()) != 1) {
    die("the server gave no ticket");
  }
  return session;
}

void Tls::send(std::string_view bytes) const {
  std::size_t sent = 0;  // all of them: the socket blocks
  if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) {
    die_of_tls("send");
  }
}

std::size_t Tls::receive(char* buffer, std::size_t size) const {
  std::size_t received = 0;
  if (SSL_read_ex(ssl_.get(), buffer, size, &received) == 1) {
    return received;
  }
  if (SSL_get_error(ssl_.get(), 0) != SSL_ERROR_ZERO_RETURN) {
    die_of_tls("receive");
  }
  return 0;
}

std::size_t Tls::discard() {
  // OpenSSL does not read ahead, so the socket stands between two records.
  if (SSL_pending(ssl_.get()) != 0) {
    die("the record before this one was not received to its end");
  }
  std::array<unsigned char, kHeader> header{};
  const ssize_t got = ::recv(fd_, header.data(), header.size(), MSG_WAITALL);
  if (got == 0) {
    return 0;
  }
  const std::size_t length = static_cast<std::size_t>(header[3]) << 8U | header[4];
  if (got != static_cast<ssize_t>(kHeader) || header[0] != kApplicationData || length < kAdded) {
    die("not a record of TLS 1.3");
  }
  // The kernel writes nothing to the buffer, which need not exist.
  if (::recv(fd_, nullptr, length, MSG_TRUNC | MSG_WAITALL) != static_cast<ssize_t>(length)) {
    die("the server closed the connection within a record");
  }
  return length - kAdded;
}

void Tls::take_leave() const {
  SSL_shutdown(ssl_.get());
}

}  // namespace shale::bench
