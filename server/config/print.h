#pragma once

#include <string>

#include "server/config/config.h"
#include "server/config/load.h"
#include "server/config/settings.h"

namespace shale::config {

/// All settings with their values, as a file that `load` reads back the same.
std::string to_yaml(const Config& config);

/// Likewise in JSON, which is YAML too. Sizes are numbers of bytes, durations text.
std::string to_json(const Config& config);

/// For people: each setting with its value and where that came from.
std::string to_table(const Loaded& loaded);

/// A sample file with every setting, its meaning and, commented out, its default.
std::string reference();

/// The end of that file: quotas and rules, which are no settings but lists.
std::string reference_of_lists();

/// The settings as flags, for the help text of a command.
std::string flag_help();

/// The default as one would type it behind a flag.
std::string default_text(const Setting& setting);

}  // namespace shale::config
