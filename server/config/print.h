#pragma once

#include <string>

#include "server/config/config.h"
#include "server/config/load.h"

namespace shale::config {

/// All settings with their values, as a file that `load` reads back the same.
std::string to_yaml(const Config& config);

/// Likewise in JSON, which is YAML too. Sizes are numbers of bytes, durations text.
std::string to_json(const Config& config);

/// For people: each setting with its value and where that came from.
std::string to_table(const Loaded& loaded);

/// A sample file with every setting, its meaning and, commented out, its default.
std::string reference();

/// The settings as flags, for the help text of a command.
std::string flag_help();

}  // namespace shale::config
