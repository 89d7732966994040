#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/programs/sha256.h"

namespace shale::bench {

/// A piece of a body: bytes as they arrived, and which of them are data.
struct Piece {
  static constexpr std::size_t kSize = 262144;
  std::array<char, kSize> bytes;
  std::vector<std::string_view> data;
};

/// Hashes pieces in a thread of its own, while the caller writes the same pieces and receives the
/// next ones. One thread calls it.
class HashThread {
 public:
  HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;
  ~HashThread();

  /// A piece that is not in use; waits for the hashing of an old one.
  Piece& next_piece();
  /// Gives a piece to the thread, which reads it until it has become free again.
  void hash(Piece& piece);
  /// The digest of all pieces since the last call.
  std::string finish();

 private:
  void run();

  std::array<Piece, 4> pieces_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece*> free_;
  std::deque<Piece*> waiting_;
  bool stop_ = false;
  Sha256 hash_;
  std::jthread thread_;
};

/// A new file that is written through the page cache and survives a power cut after `commit`.
class DurableFile {
 public:
  DurableFile(int directory, const std::string& name);
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;
  ~DurableFile();

  void append(const Piece& piece);
  /// Syncs the file, then the directory that names it.
  void commit();

 private:
  int directory_;
  int fd_;
};

}  // namespace shale::bench
