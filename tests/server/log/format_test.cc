#include "server/log/format.h"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;

namespace shale::log {
namespace {

constexpr Time kTime =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 9} + 4h + 5min + 6s + 7ms;

std::string json(std::string_view message, std::initializer_list<Field> fields = {}) {
  return format_line(Format::kJson, kTime, Level::kInfo, message, {fields.begin(), fields.size()});
}

std::string text(std::string_view message, std::initializer_list<Field> fields = {}) {
  return format_line(Format::kText, kTime, Level::kInfo, message, {fields.begin(), fields.size()});
}

/// What a JSON reader gets back for a value.
std::string read_back(std::string_view value) {
  const std::string line = json("m", {{"value", value}});
  return nlohmann::json::parse(line).at("value").get<std::string>();
}

TEST_CASE("format_line: JSON is one object with time, level, message and fields in order") {
  CHECK(json("listening", {{"address", "[::1]:5000"}, {"port", 5000}, {"tls", false}}) ==
        R"({"time":"2026-03-09T04:05:06.007Z","level":"info","msg":"listening",)"
        R"("address":"[::1]:5000","port":5000,"tls":false})"
        "\n");
}

TEST_CASE("format_line: text is time, padded level, message and key=value") {
  CHECK(text("listening", {{"address", "[::1]:5000"}, {"port", 5000}, {"tls", false}}) ==
        "2026-03-09T04:05:06.007Z info  listening address=[::1]:5000 port=5000 tls=false\n");
  CHECK(format_line(Format::kText, kTime, Level::kError, "stopped", {}) ==
        "2026-03-09T04:05:06.007Z error stopped\n");
}

TEST_CASE("format_line: every level has its name") {
  CHECK(level_name(Level::kDebug) == "debug");
  CHECK(level_name(Level::kInfo) == "info");
  CHECK(level_name(Level::kWarn) == "warn");
  CHECK(level_name(Level::kError) == "error");
}

TEST_CASE("format_line: the time is UTC and cut to milliseconds, also before 1970") {
  const auto at = [](Time time) {
    return format_line(Format::kText, time, Level::kInfo, "m", {}).substr(0, 24);
  };
  CHECK(at(Time{}) == "1970-01-01T00:00:00.000Z");
  CHECK(at(Time{} - 1us) == "1969-12-31T23:59:59.999Z");
  CHECK(at(std::chrono::sys_days{std::chrono::year{2028} / 2 / 29} + 23h + 59min + 59s +
           999999us) == "2028-02-29T23:59:59.999Z");
}

TEST_CASE("format_line: numbers keep their value to the ends of their types") {
  const std::string line = json("m", {{"low", std::numeric_limits<std::int64_t>::min()},
                                      {"high", std::numeric_limits<std::uint64_t>::max()},
                                      {"small", std::int8_t{-3}},
                                      {"seconds", 0.0125},
                                      {"nothing", std::numeric_limits<double>::quiet_NaN()}});
  CHECK(line.find(R"("low":-9223372036854775808,"high":18446744073709551615,"small":-3,)"
                  R"("seconds":0.0125,"nothing":null})") != std::string::npos);
}

TEST_CASE("format_line: JSON escapes what must not stand in a string") {
  const std::string nasty("quote\" back\\slash\nline\r\ttab\0nul\x1b[31m\x7f", 37);
  const std::string line = json(nasty, {{nasty, nasty}});

  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  const auto object = nlohmann::json::parse(line);
  CHECK(object.at("msg") == nasty);
  CHECK(object.at(nasty) == nasty);
}

TEST_CASE("format_line: characters beyond ASCII stay, bytes that are none are replaced") {
  CHECK(read_back("Größe 名 🦀") == "Größe 名 🦀");

  const std::string bad = "\uFFFD";
  CHECK(read_back("a\xff"
                  "b") == "a" + bad + "b");
  CHECK(read_back("\xc0\xaf") == bad + bad);                      // overlong
  CHECK(read_back("\xe0\x80\xaf") == bad + bad + bad);            // overlong
  CHECK(read_back("\xed\xa0\x80") == bad + bad + bad);            // surrogate
  CHECK(read_back("\xf4\x90\x80\x80") == bad + bad + bad + bad);  // over U+10FFFF
  CHECK(read_back("\xf5\x80\x80\x80") == bad + bad + bad + bad);
  CHECK(read_back("cut \xe5\x90") == "cut " + bad + bad);
  CHECK(read_back("\xf0\x9f\xa6") == bad + bad + bad);
}

TEST_CASE("format_line: every byte in every place of a character gives valid JSON on one line") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (const std::string_view front : {"", "\xc2", "\xe0", "\xe5\x90", "\xf0\x9f", "\xf4"}) {
      const std::string value = std::string(front) + static_cast<char>(byte) + "tail";
      const std::string line = json("m", {{"value", value}});
      REQUIRE(nlohmann::json::accept(line));
      REQUIRE(line.find('\n') == line.size() - 1);
    }
  }
}

TEST_CASE("format_line: text quotes what could be taken for something else") {
  CHECK(text("m", {{"a", ""}}).ends_with(" m a=\"\"\n"));
  CHECK(text("m", {{"a", "two words"}}).ends_with(" m a=\"two words\"\n"));
  CHECK(text("m", {{"a", "b=c"}}).ends_with(" m a=\"b=c\"\n"));
  CHECK(text("m", {{"a", "say \"x\""}})
            .ends_with(R"( m a="say \"x\"")"
                       "\n"));
  CHECK(text("m", {{"a", "ü"}}).ends_with(" m a=\"ü\"\n"));
}

TEST_CASE("format_line: a client can neither begin a line nor speak to the terminal") {
  const std::string line =
      text("cannot\nfake", {{"path", "/v2/\r\n2026 error owned\x1b[2J\xc2\x9b"}});
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find("\xc2\x9b") == std::string::npos);
  CHECK(line.ends_with(R"(cannot\nfake path="/v2/\r\n2026 error owned\u001b[2J\u009b")"
                       "\n"));
}

}  // namespace
}  // namespace shale::log
