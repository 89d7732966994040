#include "tests/bench/programs/chunk_decoder.h"

#include <algorithm>
#include <charconv>

#include "tests/bench/programs/socket.h"

namespace shale::bench {

void ChunkDecoder::decode(std::string_view bytes, std::vector<std::string_view>& data) {
  while (!bytes.empty() && !ended_) {
    if (left_ == 0) {
      take_line(bytes);
      continue;
    }
    const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    data.push_back(bytes.substr(0, here));
    bytes.remove_prefix(here);
    left_ -= here;
  }
}

void ChunkDecoder::take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (end == std::string_view::npos) {
    return;
  }
  if (last_chunk_) {
    ended_ = true;
  } else if (line_ != "\r") {
    const char* stop = line_.data() + line_.size();
    if (std::from_chars(line_.data(), stop, left_, 16).ec != std::errc{}) {
      die("not the size of a chunk: " + line_);
    }
    last_chunk_ = left_ == 0;
  }
  line_.clear();
}

}  // namespace shale::bench
