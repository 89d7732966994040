#include "server/net/plain_stream.h"

#include <cerrno>

#include <sys/sendfile.h>
#include <sys/socket.h>

namespace shale::net {
namespace {

/// `moved` as a system call returned it. Zero means the end only when reading.
Transfer transfer(::ssize_t moved) {
  if (moved > 0) return {Transfer::State::kMoved, static_cast<std::size_t>(moved)};
  if (moved == 0) return {Transfer::State::kEnded, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {Transfer::State::kBlocked, 0};
  return {Transfer::State::kBroken, 0};
}

template <class Call>
Transfer retried(Call call) {
  ::ssize_t moved = 0;
  do {
    moved = call();
  } while (moved < 0 && errno == EINTR);
  return transfer(moved);
}

}  // namespace

Transfer PlainStream::read(std::span<std::byte> into) {
  return retried([&] { return ::recv(socket_.get(), into.data(), into.size(), 0); });
}

Transfer PlainStream::write(std::string_view bytes, bool more) {
  const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return retried([&] { return ::send(socket_.get(), bytes.data(), bytes.size(), flags); });
}

Transfer PlainStream::send_file(int file, std::uint64_t offset, std::size_t length) {
  Transfer sent = retried([&] {
    auto position = static_cast<::off_t>(offset);
    return ::sendfile(socket_.get(), file, &position, length);
  });
  // The file is shorter than what was promised: only breaking off tells the client.
  if (sent.state == Transfer::State::kEnded) sent.state = Transfer::State::kBroken;
  return sent;
}

void PlainStream::shutdown_write() noexcept {
  ::shutdown(socket_.get(), SHUT_WR);
}

}  // namespace shale::net
