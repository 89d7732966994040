#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shale::bench {

/// Finds the data of a body in what arrives, without copying it. Trusts the client: it is ours.
class ChunkDecoder {
 public:
  /// Adds the pieces of `bytes` that are data to `data`. Bytes behind the end are ignored.
  void decode(std::string_view bytes, std::vector<std::string_view>& data);
  bool ended() const { return ended_; }

 private:
  void take_line(std::string_view& bytes);

  /// The line with the size, or the empty ones behind data and at the end, so far.
  std::string line_;
  std::uint64_t left_ = 0;
  bool last_chunk_ = false;
  bool ended_ = false;
};

}  // namespace shale::bench
