#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"

namespace shale::cli {

/// What the configuration lays open that it need not, each in one sentence with the place
/// and what to do: passwords that cross the network in the clear, a file of users that every
/// user of the machine may read or write. Looks at the file.
std::vector<std::string> exposures(const config::Config& config);

}  // namespace shale::cli
