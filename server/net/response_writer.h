#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/http/message.h"
#include "server/net/stream.h"

namespace shale::net {

/// Sends one response over a non-blocking stream, piece after piece.
class ResponseWriter {
 public:
  ResponseWriter() = default;
  /// `head` is the serialized status line and fields.
  ResponseWriter(http::Response response, std::string head);

  enum class Progress : std::uint8_t {
    kDone,     ///< everything is with the kernel
    kBlocked,  ///< the client has to take some first
    kYielded,  ///< the budget is used up: others are due
    kBroken,
  };

  /// Sends at most about `budget` bytes, and takes off what it sent.
  Progress write(Stream& stream, std::size_t& budget);

  /// Without what of its body is held elsewhere.
  const http::Response& response() const noexcept { return response_; }
  std::uint64_t body_bytes_sent() const noexcept;
  /// Bytes that left since the last call: has the client taken any?
  bool took_progress() noexcept;

 private:
  Transfer write_some(Stream& stream, std::size_t budget);

  http::Response response_;
  std::string head_;           ///< with the first piece behind it when that is short
  std::size_t head_size_ = 0;  ///< of the head alone
  std::size_t piece_ = 0;      ///< the next to send
  std::uint64_t offset_ = 0;   ///< within `head_`, then within the piece
  bool head_sent_ = false;
  std::uint64_t sent_ = 0;
  bool progressed_ = false;
};

}  // namespace shale::net
