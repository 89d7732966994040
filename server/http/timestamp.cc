#include "server/http/timestamp.h"

#include <array>
#include <cstdio>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes a text apart from the front. Once something did not fit, nothing does.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// So many digits, with a value of at most `most`.
  int number(std::size_t digits, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= most ? value : fail();
  }
  /// One of these characters; NUL when there is none of them.
  char one_of(std::string_view wanted) {
    if (rest_.empty() || wanted.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  milliseconds fraction() {
    if (!rest_.starts_with('.')) return milliseconds(0);
    rest_.remove_prefix(1);
    int value = number(1, 9) * 100;
    for (int weight = 10; !rest_.empty() && is_digit(rest_.front()); weight /= 10) {
      value += number(1, 9) * weight;
    }
    return milliseconds(value);
  }
  bool finished() const { return good_ && rest_.empty(); }

 private:
  int fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

minutes read_offset(Reader& reader) {
  const char sign = reader.one_of("Zz+-");
  if (sign != '+' && sign != '-') return minutes(0);
  const hours whole(reader.number(2, 23));
  reader.one_of(":");
  const minutes offset = whole + minutes(reader.number(2, 59));
  return sign == '+' ? offset : -offset;
}

}  // namespace

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Reader reader(text);
  const std::chrono::year year(reader.number(4, 9999));
  reader.one_of("-");
  const std::chrono::month month(static_cast<unsigned>(reader.number(2, 12)));
  reader.one_of("-");
  const std::chrono::day day(static_cast<unsigned>(reader.number(2, 31)));
  reader.one_of("Tt ");
  const hours hour(reader.number(2, 23));
  reader.one_of(":");
  const minutes minute(reader.number(2, 59));
  reader.one_of(":");
  const seconds second(reader.number(2, 60));  // a leap second is the one that follows it
  const milliseconds fraction = reader.fraction();
  const minutes offset = read_offset(reader);
  const std::chrono::year_month_day date(year, month, day);
  if (!reader.finished() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + hour + minute + second + fraction - offset;
}

std::string format_timestamp(Timestamp time) {
  const auto midnight = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(time - midnight);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace shale::http
