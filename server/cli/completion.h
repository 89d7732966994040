#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/cli/command_tree.h"

namespace shale::cli {

/// The shells that `completion` has a script for.
std::vector<std::string> shells();

/// A script that completes the command line of `program`: commands, flags, and values
/// where they are known or are files. `shell` is one of `shells()`.
std::string completion(const Command& program, std::string_view shell);

}  // namespace shale::cli
