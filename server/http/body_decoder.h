#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "server/http/message.h"
#include "server/http/refusal.h"

namespace shale::http {

/// Finds the body in what follows a request head, in pieces of any size.
/// Fixed memory, no I/O. Chunk extensions and trailer fields are checked,
/// bounded and dropped.
class BodyDecoder {
 public:
  static constexpr std::size_t kExtensionBytes = 4096;  ///< in a whole body
  static constexpr std::size_t kTrailerBytes = 8192;    ///< in all fields together

  explicit BodyDecoder(const Framing& framing);

  struct Step {
    std::size_t consumed = 0;  ///< input bytes that belong to this body
    std::size_t payload = 0;   ///< body bytes, moved to the front of the input
    std::optional<Refusal> refusal;
  };

  /// Decodes in place: afterwards the first `payload` bytes of `input` are body,
  /// and those from `consumed` on are untouched (the next request's). A refusal
  /// is final: every later call repeats it. The payload beside it is genuine.
  Step decode(std::span<std::byte> input);

  /// Nothing more belongs to this body.
  bool done() const noexcept { return state_ == State::kDone; }

  /// At most so many bytes more belong to it: as `Content-Length` has it; of chunks
  /// it cannot be known.
  std::uint64_t most_left() const noexcept {
    return chunked_ ? std::numeric_limits<std::uint64_t>::max() : remaining_;
  }

 private:
  enum class State : std::uint8_t {
    kData,
    kSizeBegin,
    kSize,
    kExtension,
    kSizeLf,
    kDataCr,
    kDataLf,
    kTrailerBegin,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
  };

  void take_data(std::span<std::byte> input, Step& step);
  /// Reads one byte that is not data.
  std::optional<Refusal> advance(char c);
  std::optional<Refusal> advance_size(char c);
  std::optional<Refusal> advance_trailer(char c);
  std::optional<Refusal> expect(char wanted, char c, State next);

  State state_ = State::kDone;
  bool chunked_ = false;
  std::uint64_t remaining_ = 0;  ///< of the body, or of the chunk
  std::size_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::optional<Refusal> refusal_;
};

}  // namespace shale::http
