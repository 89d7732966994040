#pragma once

#include "server/net/stream.h"
#include "server/net/unique_fd.h"

namespace shale::net {

/// A TCP or unix socket in the clear. Owns the socket.
class PlainStream final : public Stream {
 public:
  explicit PlainStream(UniqueFd socket) : socket_(std::move(socket)) {}

  int descriptor() const noexcept override { return socket_.get(); }
  Transfer read(std::span<std::byte> into) override;
  Transfer write(std::string_view bytes, bool more) override;
  Transfer send_file(int file, std::uint64_t offset, std::size_t length) override;
  void shutdown_write() noexcept override;

 private:
  UniqueFd socket_;
};

}  // namespace shale::net
