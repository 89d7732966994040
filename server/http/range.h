#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace shale::http {

/// A stretch of a representation, both ends included (RFC 9110, section 14).
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  std::uint64_t length() const noexcept { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct WholeRepresentation {};  ///< no range, or one that is to be ignored
struct Unsatisfiable {};        ///< answer 416

/// Reads a `Range` field for a representation of `size` bytes: the ranges to
/// send, clamped to the end, in the order asked for; those that begin behind the
/// end are left out, and if none remains it is unsatisfiable. A malformed field
/// and another unit than bytes are ignored. More than `max_ranges`, or ranges
/// that add up to more than the whole (so they overlap), mean the whole.
/// `bytes=500-0`, which RFC 9110 lets us ignore, is unsatisfiable: the conformance
/// suite expects 416. Of an empty representation, what begins at 0 is the whole.
std::variant<WholeRepresentation, Unsatisfiable, std::vector<ByteRange>> parse_range(
    std::string_view field, std::uint64_t size, std::size_t max_ranges = 128);

/// `Content-Range` of a chunk upload: `<first>-<last>` without a unit
/// (distribution-spec, "Pushing a blob in chunks"). None when malformed, too
/// large to count, or when the end comes before the beginning.
std::optional<ByteRange> parse_chunk_range(std::string_view field);

}  // namespace shale::http
