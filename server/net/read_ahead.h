#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shale::net {

/// Bytes that were received before their turn. What is used is taken from the
/// front without moving the rest; when nothing is left, no memory is held.
class ReadAhead {
 public:
  bool empty() const noexcept { return bytes_.empty(); }
  std::size_t size() const noexcept { return bytes_.size() - used_; }
  /// Valid until the next change.
  std::string_view view() const noexcept { return std::string_view(bytes_).substr(used_); }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    bytes_.erase(0, used_);
    used_ = 0;
    bytes_.append(bytes);
  }

  void drop(std::size_t bytes) {
    used_ += bytes;
    if (used_ < bytes_.size()) return;
    bytes_.clear();
    bytes_.shrink_to_fit();
    used_ = 0;
  }

 private:
  std::string bytes_;
  std::size_t used_ = 0;  ///< less than the size, or both are 0
};

}  // namespace shale::net
