#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/programs/sha256.h"
#include "tests/bench/programs/socket.h"

namespace shale::bench {

/// Bytes that do not compress; the same for the same seed.
std::string random_bytes(std::uint64_t seed, std::uint64_t size);
/// A seed that no other call gets.
std::uint64_t fresh_seed();

/// Blobs of one size that differ in their last bytes only, so that the digest of each is known
/// without hashing all of it, and `sendfile` can send them: a sender that costs next to nothing.
/// Their common part is a block in memory, sent as often as it takes. Thread-safe once it is made.
class Content {
 public:
  enum class Framing : std::uint8_t {
    kPlain,
    /// Already chunked as docker does it, 32 KiB each; the last chunk ends the body.
    kChunked,
  };

  /// `size` is a multiple of 32 KiB, and of 64 MiB where it is more.
  Content(std::uint64_t size, Framing framing);
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content();

  struct Tail {
    std::string bytes;   ///< framed
    std::string digest;  ///< of the whole blob
  };
  Tail tail(std::uint64_t seed) const;
  void send(const Socket& socket, const Tail& tail) const;

 private:
  std::string frame(std::string_view bytes) const;

  Framing framing_;
  int block_;
  std::uint64_t block_length_;
  std::uint64_t blocks_;
  std::uint64_t tail_length_;
  /// Of everything but the tail.
  Sha256 hash_;
};

}  // namespace shale::bench
