#include "server/registry/json_tree.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/result.h"

namespace shale::registry::json {
namespace {

using namespace std::string_literals;
using testing::error_code;
using testing::value;

std::string nested(std::string_view open, std::string_view close, std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i)
    text += open;
  for (std::size_t i = 0; i < depth; ++i)
    text += close;
  return text;
}

std::string refusal(std::string_view text) {
  const auto parsed = parse(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::kManifestInvalid);
  REQUIRE(parsed.error().details.size() == 1);
  return parsed.error().details.front();
}

TEST_CASE("json::parse: every kind of value is told apart") {
  const Value document = value(parse(R"(
    {"null": null, "true": true, "zero": 0, "most": 18446744073709551615, "minus": -1,
     "float": 1.0, "text": "a\u00e9\n", "list": [1, [2]], "object": {"": ""}})"));
  const auto* root = document.as<Object>();
  REQUIRE(root != nullptr);
  CHECK(root->size() == 9);
  CHECK(find(*root, "null")->as<Null>() != nullptr);
  CHECK(*find(*root, "true")->as<bool>());
  CHECK(*find(*root, "zero")->as<std::uint64_t>() == 0);
  CHECK(*find(*root, "most")->as<std::uint64_t>() == 18446744073709551615U);
  CHECK(find(*root, "minus")->as<OtherNumber>() != nullptr);
  CHECK(find(*root, "float")->as<OtherNumber>() != nullptr);
  CHECK(*find(*root, "text")->as<std::string>() == "a\u00e9\n");
  REQUIRE(find(*root, "list")->as<Array>()->size() == 2);
  CHECK(*(*(*find(*root, "list")->as<Array>())[1].as<Array>())[0].as<std::uint64_t>() == 2);
  CHECK(find(*find(*root, "object")->as<Object>(), "")->as<std::string>()->empty());
  CHECK(find(*root, "other") == nullptr);
}

TEST_CASE("json::parse: what other readers would see differently is refused") {
  CHECK(refusal("{\"a\":1}\0{\"a\":2}"s) ==
        "the body is not valid JSON in UTF-8: it goes wrong at byte 8");
  CHECK(refusal("\xEF\xBB\xBF{}") == "the body begins with a byte order mark; send it without");
  CHECK(refusal(R"({"a":1,"b":2,"a":3})") == R"($: the member "a" is there twice; keep one)");
  CHECK(refusal(R"({"a":1,"\u0061":3})") == R"($: the member "a" is there twice; keep one)");
  CHECK(refusal(R"({"x":[0,{"y":{"n":1,"n":1}}]})") ==
        R"($.x[1].y: the member "n" is there twice; keep one)");
}

TEST_CASE("json::parse: what is no JSON is refused with its place") {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{'a':1}",
                           "{a:1}",
                           "01",
                           "+1",
                           "1.",
                           ".5",
                           "1e",
                           "-",
                           "NaN",
                           "Infinity",
                           "1e999",
                           "\"\t\"",
                           R"("\x")",
                           R"("\ud800")",
                           R"("\udc00\ud800")",
                           "// c\n{}",
                           "/* c */{}",
                           "{} {}",
                           "{}x",
                           "]",
                           "\xFF",
                           "\"\xC0\xAF\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xF4\x90\x80\x80\"",
                           "\"\xE2\x82\"",
                           "\"\x80\"",
                           "\xC2\xA0{}"}) {
    CAPTURE(text);
    CHECK(refusal(text).starts_with("the body is not valid JSON in UTF-8: it goes wrong at byte "));
  }
}

TEST_CASE("json::parse: a document cut anywhere is refused") {
  const std::string whole = R"({"a":[1,-2.5e3,true,null,"\u00e9é"],"b":{"c":"d"}})";
  REQUIRE(parse(whole).has_value());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    CHECK(error_code(parse(whole.substr(0, cut))) == Errc::kManifestInvalid);
  }
}

TEST_CASE("json::parse: depth is bounded before it costs anything") {
  CHECK(parse(nested("[", "]", 64)).has_value());
  CHECK(refusal(nested("[", "]", 65)) == "the body nests arrays and objects more than 64 deep");
  CHECK(refusal(nested("[", "]", 1'000'000)) ==
        "the body nests arrays and objects more than 64 deep");
  CHECK(refusal(nested("{\"a\":", "}", 100'000)) ==
        "the body nests arrays and objects more than 64 deep");
  CHECK(refusal(std::string(100'000, '[')) ==
        "the body nests arrays and objects more than 64 deep");
}

TEST_CASE("json::parse: the number of values is bounded") {
  const auto zeros = [](std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i)
      text += ",0";
    return text + "]";
  };
  CHECK(parse(zeros(9), {.values = 10}).has_value());
  CHECK(error_code(parse(zeros(10), {.values = 10})) == Errc::kManifestInvalid);
  CHECK(parse(zeros(99'999)).has_value());
  CHECK(refusal(zeros(100'000)) ==
        "the body has more than 100000 JSON values; keep such data in a blob");
}

TEST_CASE("json::parse: a refusal quotes nothing that could break an answer or a log") {
  const std::string said = refusal(R"({"a\u0007\n\u00e9":1,"a\u0007\n\u00e9":1})");
  CHECK(said == R"($: the member "a????" is there twice; keep one)");
  CHECK(refusal("{\"" + std::string(5000, 'k') + "\":{\"a\":1,\"a\":1}}").size() < 300);
}

}  // namespace
}  // namespace shale::registry::json
