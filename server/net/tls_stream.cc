#include "server/net/tls_stream.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

#include "server/net/bytes.h"
#include "server/net/openssl.h"

namespace shale::net {
namespace {

/// What one record holds at most; OpenSSL writes no more at once.
constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;

/// The first byte, left where it is. None but `kMoved` says that there is one.
Transfer peek(int socket, char& first) {
  ::ssize_t got = 0;
  do {
    got = ::recv(socket, &first, 1, MSG_PEEK);
  } while (got < 0 && errno == EINTR);
  if (got > 0) return {Transfer::State::kMoved, 1};
  if (got == 0) return {Transfer::State::kEnded, 0};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
  return {later ? Transfer::State::kBlocked : Transfer::State::kBroken, 0};
}

/// A TLS record begins with a byte below 32, a request of HTTP with a letter.
bool begins_http(char first) {
  return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
}

bool kernel_encrypts(SSL* ssl) {
  return BIO_get_ktls_send(SSL_get_wbio(ssl));
}

}  // namespace

Handshake TlsStream::handshake() {
  using State = Handshake::State;
  if (!ssl_) {
    char first = 0;
    const Transfer looked = peek(descriptor(), first);
    if (looked.state == Transfer::State::kBlocked) return {State::kBlocked};
    if (looked.state != Transfer::State::kMoved) return {State::kFailed};
    if (begins_http(first)) return {State::kInTheClear};
    ssl_ = context_.begin(descriptor());
  }
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    usable_ = true;
    return {State::kDone};
  }
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {State::kBlocked};
    case SSL_ERROR_SSL:
      return {State::kFailed, openssl_reason()};
    default:
      return {State::kFailed};
  }
}

/// What OpenSSL `returned` from reading or writing `moved` bytes.
Transfer TlsStream::outcome(int returned, std::size_t moved) {
  if (returned == 1) return {Transfer::State::kMoved, moved};
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:  // Either may be meant by either call: new keys are answered.
    case SSL_ERROR_WANT_WRITE:
      return {Transfer::State::kBlocked, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Transfer::State::kEnded, 0};
    default:
      // The connection ended without leave taken, too: what came may be cut short.
      usable_ = false;
      ERR_clear_error();
      return {Transfer::State::kBroken, 0};
  }
}

Transfer TlsStream::read(std::span<std::byte> into) {
  if (!ssl_) return socket_.read(into);
  go_on_leaving();
  if (!usable_) return {Transfer::State::kBroken, 0};
  ERR_clear_error();
  std::size_t got = 0;
  const int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  return outcome(returned, got);
}

Transfer TlsStream::write(std::string_view bytes, bool more) {
  if (!ssl_) return socket_.write(bytes, more);
  if (!usable_) return {Transfer::State::kBroken, 0};
  ERR_clear_error();
  std::size_t sent = 0;
  const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  return outcome(returned, sent);
}

Transfer TlsStream::send_file(int file, std::uint64_t offset, std::size_t length) {
  if (!ssl_) return socket_.send_file(file, offset, length);
  if (!usable_) return {Transfer::State::kBroken, 0};
  if (kernel_encrypts(ssl_.get())) {
    ERR_clear_error();
    const ::ossl_ssize_t sent =
        SSL_sendfile(ssl_.get(), file, static_cast<::off_t>(offset), length, 0);
    // Nothing: the file is shorter than what was promised.
    if (sent == 0) return {Transfer::State::kBroken, 0};
    return outcome(sent > 0 ? 1 : -1, static_cast<std::size_t>(std::max<::ossl_ssize_t>(sent, 0)));
  }
  const auto into = scratch_.first(std::min({length, kRecord, scratch_.size()}));
  ::ssize_t got = 0;
  do {
    got = ::pread(file, into.data(), into.size(), static_cast<::off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return {Transfer::State::kBroken, 0};
  return write(as_text(into.first(static_cast<std::size_t>(got))), /*more=*/false);
}

bool TlsStream::take_leave() noexcept {
  if (!usable_ || leave_ == Leave::kTaken) return true;
  if (leave_ == Leave::kNone) leave_ = Leave::kSaying;
  go_on_leaving();
  return leave_ == Leave::kTaken;
}

void TlsStream::shutdown_write() noexcept {
  if (take_leave()) {
    socket_.shutdown_write();
  } else {
    leave_ = Leave::kEnding;
  }
}

void TlsStream::go_on_leaving() noexcept {
  if (leave_ == Leave::kNone || leave_ == Leave::kTaken) return;
  ERR_clear_error();
  const int returned = SSL_shutdown(ssl_.get());
  if (returned < 0) {
    const int error = SSL_get_error(ssl_.get(), returned);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) return;
    usable_ = false;
  }
  if (leave_ == Leave::kEnding) socket_.shutdown_write();
  leave_ = Leave::kTaken;
}

}  // namespace shale::net
