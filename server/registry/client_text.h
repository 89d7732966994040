#pragma once

#include <string>
#include <string_view>

namespace shale::registry {

/// `text` as it may stand in an answer or a log line: the first 100 bytes at
/// most, everything but printable ASCII replaced by `?`.
std::string printable(std::string_view text);

/// The same between quotation marks.
std::string quoted(std::string_view text);

}  // namespace shale::registry
