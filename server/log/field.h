#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

namespace shale::log {

/// One named value of a line: `{"address", address}`. Borrows its texts, so it
/// lives no longer than the call that it is made for. The names `time`, `level`
/// and `msg` are taken.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  std::string_view key;
  Value value;

  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  Field(std::string_view name, bool truth) : key(name), value(truth) {}
  Field(std::string_view name, double number) : key(name), value(number) {}
  template <std::integral Number>
  Field(std::string_view name, Number number) : key(name), value(widen(number)) {}

 private:
  template <std::integral Number>
  static Value widen(Number number) {
    if constexpr (std::is_signed_v<Number>) {
      return static_cast<std::int64_t>(number);
    } else {
      return static_cast<std::uint64_t>(number);
    }
  }
};

}  // namespace shale::log
