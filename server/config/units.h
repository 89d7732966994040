#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/config/parsed.h"

namespace shale::config {

/// Bytes: plain, or with KiB, MiB, GiB or TiB.
Parsed<std::uint64_t> parse_size(std::string_view text);
/// The shortest form that `parse_size` reads back as the same number.
std::string format_size(std::uint64_t bytes);

/// A whole number with ms, s, m, h or d.
Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest form without days that `parse_duration` reads back as the same time.
std::string format_duration(std::chrono::milliseconds duration);

/// Bytes for people: three digits and a unit, such as `1.5 GiB`; not to be read back.
std::string readable_size(std::uint64_t bytes);

}  // namespace shale::config
