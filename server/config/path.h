#pragma once

#include <string_view>

namespace shale::config {

/// What keeps a path from being written into a configuration, or empty. YAML and
/// JSON are UTF-8, a NUL would end the path early, and a line end a line.
std::string_view fault_of_path(std::string_view path);

}  // namespace shale::config
