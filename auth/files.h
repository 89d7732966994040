#pragma once

#include <optional>
#include <string>

namespace shale::auth {

/// All of a file. None when it cannot be read, which `errno` tells more of; a directory
/// cannot.
std::optional<std::string> read_file(const std::string& path);

/// Makes a file for its owner's eyes alone in place of what lies at `path`, following no
/// link, and opens it for writing. -1 with `errno` when it cannot; the caller closes it.
int make_private_file(const std::string& path);

}  // namespace shale::auth
