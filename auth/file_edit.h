#pragma once

#include <functional>
#include <optional>
#include <string>

namespace shale::auth {

/// Replaces a file by what `change` makes of its text (empty when there is no file).
/// Whole or not at all, on disk when this returns, one editor at a time, and with the
/// permissions that it had; a new one is for its owner alone. A link is refused. Returns what went
/// wrong, if anything.
std::optional<std::string> edit_file(const std::string& path,
                                     const std::function<std::string(const std::string&)>& change);

}  // namespace shale::auth
