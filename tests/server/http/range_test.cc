#include "server/http/range.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

/// "whole", "416", or the ranges as "first-last first-last".
std::string parsed(std::string_view field, std::uint64_t size, std::size_t max_ranges = 16) {
  const auto outcome = parse_range(field, size, max_ranges);
  if (std::holds_alternative<WholeRepresentation>(outcome)) return "whole";
  if (std::holds_alternative<Unsatisfiable>(outcome)) return "416";
  std::string text;
  for (const ByteRange& range : std::get<std::vector<ByteRange>>(outcome)) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  return text;
}

struct Row {
  std::string_view field;
  std::uint64_t size;
  std::string_view expected;
};

void check(const std::vector<Row>& table) {
  for (const Row& row : table) {
    CAPTURE(row.field);
    CAPTURE(row.size);
    CHECK(parsed(row.field, row.size) == row.expected);
  }
}

TEST_CASE("parse_range: what the conformance suite asks of 2048 bytes") {
  check({
      {"bytes=500-1499", 2048, "500-1499"},
      {"bytes=500-", 2048, "500-2047"},
      {"bytes=-500", 2048, "1548-2047"},
      {"bytes=2000-5000", 2048, "2000-2047"},
      {"bytes=500-0", 2048, "416"},
      {"bytes=5000-10000", 2048, "416"},
  });
}

TEST_CASE("parse_range: the edges of a representation") {
  check({
      {"bytes=0-", 10, "0-9"},
      {"bytes=0-9", 10, "0-9"},
      {"bytes=0-10", 10, "0-9"},
      {"bytes=9-9", 10, "9-9"},
      {"bytes=9-", 10, "9-9"},
      {"bytes=10-", 10, "416"},
      {"bytes=10-10", 10, "416"},
      {"bytes=-1", 10, "9-9"},
      {"bytes=-10", 10, "0-9"},
      {"bytes=-11", 10, "0-9"},
      {"bytes=-0", 10, "416"},
      {"bytes=0-0", 1, "0-0"},
      {"bytes=000-0001", 10, "0-1"},
  });
}

TEST_CASE("parse_range: an empty representation") {
  check({
      {"bytes=0-", 0, "whole"},
      {"bytes=0-9", 0, "whole"},
      {"bytes=-5", 0, "whole"},
      {"bytes=-0", 0, "416"},
      {"bytes=1-", 0, "416"},
  });
}

TEST_CASE("parse_range: numbers beyond 64 bits are only large") {
  check({
      {"bytes=0-99999999999999999999999", 10, "0-9"},
      {"bytes=99999999999999999999999-", 10, "416"},
      {"bytes=99999999999999999999999-99999999999999999999999", 10, "416"},
      {"bytes=-99999999999999999999999", 10, "0-9"},
      {"bytes=18446744073709551614-18446744073709551615", kMax,
       "18446744073709551614-18446744073709551614"},
      {"bytes=0-18446744073709551615", kMax, "0-18446744073709551614"},
  });
}

TEST_CASE("parse_range: several ranges in the order asked for") {
  check({
      {"bytes=0-1,4-5", 10, "0-1 4-5"},
      {"bytes=4-5, 0-1", 10, "4-5 0-1"},
      {"bytes=0-1,,4-5,", 10, "0-1 4-5"},
      {"bytes=0-1\t,\t4-5", 10, "0-1 4-5"},
      {"bytes=0-1,20-30,-2", 10, "0-1 8-9"},
      {"bytes=20-30,5-2", 10, "416"},
      {"bytes=0-4,5-9", 10, "0-4 5-9"},
      {"bytes=0-4,2-6", 10, "0-4 2-6"},
      {"bytes=0-9,0-0", 10, "whole"},
      {"bytes=0-,0-,0-", 10, "whole"},
      {"bytes=0-18446744073709551614,0-18446744073709551614", kMax, "whole"},
  });
}

TEST_CASE("parse_range: more ranges than allowed are the whole") {
  CHECK(parsed("bytes=0-0,1-1,2-2", 10, 3) == "0-0 1-1 2-2");
  CHECK(parsed("bytes=0-0,1-1,2-2,3-3", 10, 3) == "whole");
  CHECK(parsed("bytes=90-,90-,90-,3-3", 10, 3) == "whole");
}

TEST_CASE("parse_range: what is malformed or of another unit is ignored") {
  for (const std::string_view field :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=0", "bytes=0-1-2",
        "bytes=0--1", "bytes=+0-1", "bytes=0 -1", "bytes=0- 1", "bytes=0x0-1", "bytes =0-1",
        "bytes:0-1", "items=0-1", "0-1", "bytes=0-1;2-3", "bytes=0-1,x"}) {
    CAPTURE(field);
    CHECK(parsed(field, 10) == "whole");
  }
  CHECK(parsed("BYTES=0-1", 10) == "0-1");
}

TEST_CASE("parse_range: whatever it is given, the ranges lie inside and sum up to no more") {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  const std::string_view alphabet = "0123456789-,- x";
  std::size_t seen = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string field = "bytes=";
    for (auto length = random() % 20; length > 0; --length) {
      field += alphabet[random() % alphabet.size()];
    }
    const std::uint64_t size = random() % 200;
    CAPTURE(field);
    CAPTURE(size);
    const auto outcome = parse_range(field, size);
    const auto* ranges = std::get_if<std::vector<ByteRange>>(&outcome);
    if (ranges == nullptr) continue;
    ++seen;
    std::uint64_t sum = 0;
    for (const ByteRange& range : *ranges) {
      CHECK(range.first <= range.last);
      CHECK(range.last < size);
      sum += range.length();
    }
    CHECK(sum <= size);
  }
  CHECK(seen > 100);
}

TEST_CASE("parse_chunk_range: first and last, without a unit") {
  CHECK(parse_chunk_range("0-0") == ByteRange{.first = 0, .last = 0});
  CHECK(parse_chunk_range("0-21") == ByteRange{.first = 0, .last = 21});
  CHECK(parse_chunk_range("022-041") == ByteRange{.first = 22, .last = 41});
  CHECK(parse_chunk_range("5-18446744073709551614") == ByteRange{.first = 5, .last = kMax - 1});
  for (const std::string_view field :
       {"", "-", "1-", "-1", "5-4", "a-b", "0-1-2", "0 - 1", " 0-1", "0-1 ", "bytes=0-1",
        "bytes 0-1/2", "+0-1", "0-18446744073709551615", "0-99999999999999999999999"}) {
    CAPTURE(field);
    CHECK_FALSE(parse_chunk_range(field));
  }
}

}  // namespace
}  // namespace shale::http
