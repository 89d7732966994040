#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/log/field.h"

namespace shale::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class Format : std::uint8_t {
  kJson,  ///< one object per line
  kText,  ///< for people: time, level, message, key=value
};

using Time = std::chrono::system_clock::time_point;

std::string_view level_name(Level level) noexcept;

/// The whole line, newline included and never one inside, whatever the texts
/// hold: control characters are escaped, bytes that are not UTF-8 become U+FFFD.
std::string format_line(Format format, Time time, Level level, std::string_view message,
                        std::span<const Field> fields);

}  // namespace shale::log
