#pragma once

#include <vector>

#include "server/config/load.h"

namespace shale::cli {

/// Why nobody could log in with the users that the configuration names, or what is wrong with
/// its policy. Reads the files as `shale serve` would. A line of users that cannot be used
/// keeps out only whom it names, so it is no fault.
std::vector<config::Problem> check_access(const config::Loaded& loaded);

}  // namespace shale::cli
