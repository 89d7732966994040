#include "server/config/units.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace shale::config {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t bytes_of(std::string_view text) {
  return std::get<std::uint64_t>(parse_size(text));
}

std::chrono::milliseconds time_of(std::string_view text) {
  return std::get<std::chrono::milliseconds>(parse_duration(text));
}

TEST_CASE("parse_size: bytes and binary units, up to the largest number") {
  CHECK(bytes_of("0") == 0);
  CHECK(bytes_of("1500") == 1500);
  CHECK(bytes_of("64KiB") == 65536);
  CHECK(bytes_of("4MiB") == 4194304);
  CHECK(bytes_of("1GiB") == 1073741824);
  CHECK(bytes_of("2TiB") == 2199023255552);
  CHECK(bytes_of("18446744073709551615") == kMost);
  CHECK(bytes_of("16777215TiB") == 16777215 * (std::uint64_t{1} << 40));
}

TEST_CASE("parse_size: anything else is refused with a word on what to write") {
  for (const std::string text :
       {"", "KiB", "4 MiB", "4MB", "4mib", "4M", "-1", "+1", "1.5GiB", "0x10", "4MiBs", " 4", "4 ",
        "18446744073709551616", "16777216TiB"}) {
    const auto parsed = parse_size(text);
    REQUIRE_MESSAGE(std::holds_alternative<Wrong>(parsed), text);
    CHECK(std::get<Wrong>(parsed).why ==
          '"' + text +
              "\" is not a size: write bytes, or a whole number with KiB, MiB, GiB or TiB, such as "
              "64KiB");
  }
}

TEST_CASE("parse_duration: milliseconds, seconds, minutes, hours and days") {
  CHECK(time_of("90d") == 24h * 90);
  CHECK(time_of("500ms") == 500ms);
  CHECK(time_of("30s") == 30s);
  CHECK(time_of("10m") == 10min);
  CHECK(time_of("24h") == 24h);
  CHECK(time_of("0s") == 0ms);
}

TEST_CASE("parse_duration: anything else is refused with a word on what to write") {
  for (const std::string text : {"", "30", "s", "30 s", "1w", "1.5h", "-1s", "1h30m", "30sec",
                                 "9223372036854775807ms", "99999999999h"}) {
    const auto parsed = parse_duration(text);
    REQUIRE_MESSAGE(std::holds_alternative<Wrong>(parsed), text);
    CHECK(std::get<Wrong>(parsed).why ==
          '"' + text +
              "\" is not a duration: write a whole number with ms, s, m, h or d, such as 30s");
  }
}

TEST_CASE("format_size: the largest unit that divides, and it reads back") {
  CHECK(format_size(0) == "0");
  CHECK(format_size(1023) == "1023");
  CHECK(format_size(1024) == "1KiB");
  CHECK(format_size(1536) == "1536");
  CHECK(format_size(std::uint64_t{5} << 40) == "5TiB");
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3} << 20,
                                    (std::uint64_t{1} << 30) + 1, kMost}) {
    CHECK(bytes_of(format_size(bytes)) == bytes);
  }
}

TEST_CASE("format_duration: the largest unit that divides, and it reads back") {
  CHECK(format_duration(0ms) == "0ms");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(120s) == "2m");
  CHECK(format_duration(24h) == "24h");
  for (const auto time : {0ms, 1ms, 1500ms, 60'000ms, 86'400'000ms}) {
    CHECK(time_of(format_duration(time)) == time);
  }
}

}  // namespace
}  // namespace shale::config
