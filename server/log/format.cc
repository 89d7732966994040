#include "server/log/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace shale::log {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  ///< U+FFFD

/// How many of the first bytes are one well-formed UTF-8 character (Unicode 15,
/// table 3-7: no overlong forms, no surrogates, nothing over U+10FFFF); 0: none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[code >> 4];
  out += kHex[code & 0xF];
}

/// C0 and C1 controls and DEL: a terminal might obey them.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_character(std::string& out, std::string_view character) {
  switch (character[0]) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (is_control(character)) {
    append_unicode_escape(out, static_cast<unsigned char>(character.back()));
  } else {
    out += character;
  }
}

/// By character: most of what is logged needs no escape, in bulk.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned char c = ' '; c <= '~'; ++c)
    plain.at(c) = c != '"' && c != '\\';
  return plain;
}();

bool needs_no_escape(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

/// As the inside of a JSON string (RFC 8259, section 7).
void append_escaped(std::string& out, std::string_view text) {
  while (true) {
    const auto* const special = std::ranges::find_if_not(text, needs_no_escape);
    const auto plain = static_cast<std::size_t>(special - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    append_character(out, text.substr(0, length));
    text.remove_prefix(length);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
void append_number(std::string& out, Number number) {
  constexpr std::size_t kLongest = 32;  // a double takes 24 at most
  std::array<char, kLongest> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_padded(std::string& out, unsigned number, std::size_t width) {
  const std::size_t begin = out.size();
  append_number(out, number);
  const std::size_t digits = out.size() - begin;
  if (digits < width) out.insert(begin, width - digits, '0');
}

/// RFC 3339, in UTC, to the millisecond.
void append_time(std::string& out, Time time) {
  using std::chrono::days, std::chrono::milliseconds;
  const auto whole = std::chrono::floor<milliseconds>(time);
  const auto day = std::chrono::floor<days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);

  append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.seconds().count()), 2);
  out += '.';
  append_padded(out, static_cast<unsigned>(clock.subseconds().count()), 3);
  out += 'Z';
}

/// JSON has no word for a number that is not finite.
void append_value(std::string& out, double number) {
  if (std::isfinite(number)) {
    append_number(out, number);
  } else {
    out += "null";
  }
}
void append_value(std::string& out, bool truth) {
  out += truth ? "true" : "false";
}
void append_value(std::string& out, std::int64_t number) {
  append_number(out, number);
}
void append_value(std::string& out, std::uint64_t number) {
  append_number(out, number);
}
void append_value(std::string& out, std::string_view text) {
  append_quoted(out, text);
}

void append_json(std::string& out, Time time, Level level, std::string_view message,
                 std::span<const Field> fields) {
  out += R"({"time":")";
  append_time(out, time);
  out += R"(","level":")";
  out += level_name(level);
  out += R"(","msg":)";
  append_quoted(out, message);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    std::visit([&](auto value) { append_value(out, value); }, field.value);
  }
  out += '}';
}

/// Whether a value can stand in a text line without quotes and be told from the next.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return needs_no_escape(c) && c != ' ' && c != '=';
  });
}

void append_text(std::string& out, Time time, Level level, std::string_view message,
                 std::span<const Field> fields) {
  constexpr std::size_t kLevelWidth = 5;
  append_time(out, time);
  out += ' ';
  out += level_name(level);
  out.append(kLevelWidth + 1 - level_name(level).size(), ' ');
  append_escaped(out, message);
  for (const Field& field : fields) {
    out += ' ';
    append_escaped(out, field.key);
    out += '=';
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr && is_plain(*text)) {
      out += *text;
    } else {
      std::visit([&](auto value) { append_value(out, value); }, field.value);
    }
  }
}

}  // namespace

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string format_line(Format format, Time time, Level level, std::string_view message,
                        std::span<const Field> fields) {
  constexpr std::size_t kUsual = 512;  // most lines fit, so one allocation is enough
  std::string line;
  line.reserve(kUsual);
  switch (format) {
    case Format::kJson:
      append_json(line, time, level, message, fields);
      break;
    case Format::kText:
      append_text(line, time, level, message, fields);
      break;
  }
  line += '\n';
  return line;
}

}  // namespace shale::log
