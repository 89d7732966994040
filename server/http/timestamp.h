#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace shale::http {

using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// RFC 3339, such as `2026-11-01T00:00:00Z` or `2026-11-01T01:00:00.250+01:00`. What is finer
/// than a millisecond is cut off. None when it is anything else, or no date that there is.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// In UTC with milliseconds, so that it reads back as the same time: for the years that
/// RFC 3339 can write.
std::string format_timestamp(Timestamp time);

}  // namespace shale::http
