#include "server/http/grammar.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

std::string all_of_class(CharClass wanted) {
  std::string found;
  for (int c = 0; c < 256; ++c) {
    if (is(wanted, static_cast<char>(c))) found.push_back(static_cast<char>(c));
  }
  return found;
}

TEST_CASE("CharClass: the classes hold exactly what the RFCs list") {
  CHECK(all_of_class(CharClass::kToken) ==
        "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  CHECK(all_of_class(CharClass::kUnreserved) ==
        "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  CHECK(all_of_class(CharClass::kTarget) ==
        "!$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~");
  const std::string value = all_of_class(CharClass::kFieldValue);
  CHECK(value.size() == 1 + 95 + 128);
  CHECK(value.find_first_of(std::string("\0\r\n\x7f\x1f", 5)) == std::string::npos);
}

TEST_CASE("trim: blanks at both ends go, others stay") {
  CHECK(trim(" \ta b\t ") == "a b");
  CHECK(trim(" \t ").empty());
  CHECK(trim("\r\na\v") == "\r\na\v");
}

TEST_CASE("equal_ignoring_case: ASCII letters only") {
  CHECK(equal_ignoring_case("Content-Length", "content-lENGTH"));
  CHECK_FALSE(equal_ignoring_case("a", "ab"));
  CHECK_FALSE(equal_ignoring_case("[", "{"));
  CHECK_FALSE(equal_ignoring_case("\xC9", "\xE9"));
}

TEST_CASE("parse_decimal: digits and nothing else, within 64 bits") {
  CHECK(parse_decimal("0") == 0);
  CHECK(parse_decimal("007") == 7);
  CHECK(parse_decimal("18446744073709551614") == std::numeric_limits<std::uint64_t>::max() - 1);
  for (const std::string_view text : {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "1.0",
                                      "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text));
  }
  CHECK(parse_saturated("99999999999999999999999") == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(parse_saturated("9999999999999999999999x"));
}

TEST_CASE("next_member: members of a list, trimmed, without the empty ones") {
  std::string_view rest = " a ,, \t,b c,\t d,";
  std::vector<std::string_view> found;
  while (const auto member = next_member(rest))
    found.push_back(*member);
  CHECK(found == std::vector<std::string_view>{"a", "b c", "d"});
}

TEST_CASE("clean_field_value: nothing is left that could begin a line") {
  CHECK(clean_field_value("a\tb") == "a\tb");
  CHECK(clean_field_value(std::string("a\r\nSet: b\0c\x7f", 12)) == "a  Set: b c ");
}

}  // namespace
}  // namespace shale::http
