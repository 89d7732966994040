#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "blobstore/clock.h"
#include "blobstore/digest.h"

namespace shale::index::rocks {

/// Writes the parts of keys and values one behind the other. Numbers are
/// big-endian, so that the order of the bytes is the order of the numbers.
class Encoder {
 public:
  Encoder& u8(std::uint8_t value);
  Encoder& u32(std::uint32_t value);
  Encoder& u64(std::uint64_t value);
  Encoder& time(Time value);  ///< milliseconds, ordered also before 1970
  Encoder& digest(const Digest& value);
  Encoder& raw(std::string_view value);         ///< without its length: for the last part
  Encoder& text(std::string_view value);        ///< with its length in front
  Encoder& terminated(std::string_view value);  ///< with a NUL behind; must contain none

  const std::string& bytes() const noexcept { return bytes_; }
  /// Leaves this empty.
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what `Encoder` wrote, and never beyond the end. After the first part
/// that is not there everything reads as zero or empty and `finished` is false,
/// so a caller may read all parts and ask once.
class Decoder {
 public:
  /// `bytes` must outlive this and the views that it gives out.
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  Time time();
  std::optional<Digest> digest();
  std::string_view text();
  std::string_view terminated();
  std::string_view rest();  ///< all that is left

  /// Every part was there, and nothing is left over.
  bool finished() const noexcept { return !failed_ && rest_.empty(); }
  bool failed() const noexcept { return failed_; }
  void fail() noexcept { failed_ = true; }

 private:
  std::string_view take(std::size_t size);
  std::uint64_t number(std::size_t size);

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace shale::index::rocks
