#include "tests/bench/programs/content.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

namespace shale::bench {
namespace {

constexpr std::uint64_t kLargestBlock = 64 << 20;
// What Go's client, and so docker, puts into a chunk.
constexpr std::uint64_t kPiece = 32768;
constexpr std::uint64_t kBlockSeed = 20;

// splitmix64
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written <= 0) {
      die_of_errno("write to memory");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string random_bytes(std::uint64_t seed, std::uint64_t size) {
  std::string bytes(size + 8, '\0');
  std::uint64_t state = seed * 0xd1342543de82ef95;
  for (std::uint64_t i = 0; i < size; i += 8) {
    const std::uint64_t value = next_random(state);
    std::memcpy(bytes.data() + i, &value, sizeof value);
  }
  bytes.resize(size);
  return bytes;
}

std::uint64_t fresh_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    die_of_errno("getrandom");
  }
  return seed;
}

Content::Content(std::uint64_t size, Framing framing)
    : framing_(framing), block_(memfd_create("content", MFD_CLOEXEC)) {
  const std::uint64_t block = std::min(size, kLargestBlock);
  if (block_ < 0 || size == 0 || size % block != 0 || block % kPiece != 0) {
    die("the size is neither a multiple of 32 KiB up to 64 MiB, nor a multiple of 64 MiB");
  }
  blocks_ = size / block;
  const std::string bytes = random_bytes(kBlockSeed, block);
  const std::string_view all = bytes;
  for (std::uint64_t i = 0; i < block; i += kPiece) {
    write_all(block_, frame(all.substr(i, kPiece)));
  }
  tail_length_ = frame(all.substr(0, kPiece)).size();
  block_length_ = tail_length_ * (block / kPiece);
  for (std::uint64_t i = 1; i < blocks_; ++i) {
    hash_.update(all);
  }
  hash_.update(all.substr(0, block - kPiece));
}

Content::~Content() {
  ::close(block_);
}

std::string Content::frame(std::string_view bytes) const {
  return framing_ == Framing::kPlain ? std::string(bytes)
                                     : "8000\r\n" + std::string(bytes) + "\r\n";
}

Content::Tail Content::tail(std::uint64_t seed) const {
  const std::string bytes = random_bytes(seed, kPiece);
  Sha256 hash = hash_;
  hash.update(bytes);
  return {frame(bytes) + (framing_ == Framing::kChunked ? "0\r\n\r\n" : ""), hash.finish()};
}

void Content::send(const Socket& socket, const Tail& tail) const {
  for (std::uint64_t i = 1; i < blocks_; ++i) {
    socket.send_file(block_, 0, block_length_);
  }
  socket.send_file(block_, 0, block_length_ - tail_length_);
  socket.send(tail.bytes);
}

}  // namespace shale::bench
