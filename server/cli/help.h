#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
class FormatterBase;
}  // namespace CLI

namespace shale::cli {

/// With this every help ends.
inline constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 could not be done, 2 wrong command line or configuration.";

/// The group of the settings' flags, which help leaves to `config::flag_help`.
inline constexpr const char* kSettings = "Settings";

/// From below the program: `tag list`; empty for the program.
std::string path_of(const CLI::App& command);

/// Prints what `--help` prints.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace shale::cli
