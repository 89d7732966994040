#include "server/http/range.h"

#include <algorithm>
#include <limits>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

/// One member of a range set, before it is measured against a representation.
struct RangeSpec {
  std::uint64_t first = 0;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  std::optional<std::uint64_t> suffix;  ///< so many bytes at the end, instead of the two above
};

std::optional<RangeSpec> parse_spec(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto before = parse_saturated(text.substr(0, dash));
  const auto after = parse_saturated(text.substr(dash + 1));
  RangeSpec spec;
  if (before) {
    if (!after && dash + 1 < text.size()) return std::nullopt;
    spec.first = *before;
    if (after) spec.last = *after;
  } else {
    if (dash > 0 || !after) return std::nullopt;
    spec.suffix = after;
  }
  return spec;
}

/// None when nothing of the representation is in it. `size` is not 0.
std::optional<ByteRange> measure(const RangeSpec& spec, std::uint64_t size) {
  const std::uint64_t end = size - 1;
  if (spec.suffix) {
    if (*spec.suffix == 0) return std::nullopt;
    return ByteRange{.first = size - std::min(*spec.suffix, size), .last = end};
  }
  if (spec.first > end || spec.last < spec.first) return std::nullopt;
  return ByteRange{.first = spec.first, .last = std::min(spec.last, end)};
}

bool is_all_of_nothing(const RangeSpec& spec) {
  return spec.suffix ? *spec.suffix > 0 : spec.first == 0;
}

}  // namespace

std::variant<WholeRepresentation, Unsatisfiable, std::vector<ByteRange>> parse_range(
    std::string_view field, std::uint64_t size, std::size_t max_ranges) {
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(field.substr(0, equals), "bytes")) {
    return WholeRepresentation{};
  }

  std::vector<ByteRange> ranges;
  std::uint64_t wanted = 0;
  std::size_t members = 0;
  std::string_view rest = field.substr(equals + 1);
  while (const auto member = next_member(rest)) {
    const auto spec = parse_spec(*member);
    if (!spec || ++members > max_ranges) return WholeRepresentation{};
    if (size == 0) {
      if (is_all_of_nothing(*spec)) return WholeRepresentation{};
      continue;
    }
    const auto range = measure(*spec, size);
    if (!range) continue;
    // Every summand is at most `size`, so this cannot wrap before it is noticed.
    if (range->length() > size - wanted) return WholeRepresentation{};
    wanted += range->length();
    ranges.push_back(*range);
  }
  if (members == 0) return WholeRepresentation{};
  if (ranges.empty()) return Unsatisfiable{};
  return ranges;
}

std::optional<ByteRange> parse_chunk_range(std::string_view field) {
  const std::size_t dash = field.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_decimal(field.substr(0, dash));
  const auto last = parse_decimal(field.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ByteRange{.first = *first, .last = *last};
}

}  // namespace shale::http
