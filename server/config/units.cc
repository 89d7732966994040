#include "server/config/units.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>

#include "server/config/text.h"

namespace shale::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// Both from large to small, so that the first that divides gives the shortest form.
constexpr std::array kSizes{
    Unit{.name = "TiB", .factor = std::uint64_t{1} << 40},
    Unit{.name = "GiB", .factor = std::uint64_t{1} << 30},
    Unit{.name = "MiB", .factor = std::uint64_t{1} << 20},
    Unit{.name = "KiB", .factor = std::uint64_t{1} << 10},
    Unit{.name = "", .factor = 1},
};
constexpr std::array kDurations{
    Unit{.name = "d", .factor = 86'400'000}, Unit{.name = "h", .factor = 3'600'000},
    Unit{.name = "m", .factor = 60'000},     Unit{.name = "s", .factor = 1'000},
    Unit{.name = "ms", .factor = 1},
};

/// None when it is not digits and one of the units, or more than `most`.
std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units,
                                   std::uint64_t most) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse_number<std::uint64_t>(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != text.substr(digits)) continue;
    if (*count > most / unit.factor) return std::nullopt;
    return *count * unit.factor;
  }
  return std::nullopt;
}

std::string format(std::uint64_t amount, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.factor == 0) {
      return std::to_string(amount / unit.factor) + std::string(unit.name);
    }
  }
  return '0' + std::string(units.back().name);
}

}  // namespace

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = parse(text, kSizes, std::numeric_limits<std::uint64_t>::max());
  if (!bytes) {
    return Wrong{quoted(text) + " is not a size: write bytes, or a whole number with KiB, MiB, " +
                 "GiB or TiB, such as 64KiB"};
  }
  return *bytes;
}

std::string format_size(std::uint64_t bytes) {
  return format(bytes, kSizes);
}

Parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  // Far from the end of what clocks can add.
  constexpr milliseconds kMost = std::chrono::years{1000};
  const auto count = parse(text, kDurations, static_cast<std::uint64_t>(kMost.count()));
  if (!count) {
    return Wrong{quoted(text) + " is not a duration: write a whole number with ms, s, m, h or d, " +
                 "such as 30s"};
  }
  return milliseconds{static_cast<milliseconds::rep>(*count)};
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()),
                std::span<const Unit>(kDurations).subspan(1));
}

std::string readable_size(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit)
    size /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size,
                kUnits.at(unit));
  return text.data();
}

}  // namespace shale::config
