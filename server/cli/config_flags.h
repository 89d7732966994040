#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/cli/command_line.h"
#include "server/config/load.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// `--config` and one flag for each setting, on one subcommand.
class ConfigFlags {
 public:
  explicit ConfigFlags(CLI::App& command);
  ConfigFlags(const ConfigFlags&) = delete;  // CLI11 keeps pointers to the members
  ConfigFlags& operator=(const ConfigFlags&) = delete;

  /// The configuration that the sources give; none when it has problems, which
  /// have been written to `err` then.
  std::optional<config::Loaded> load(const Surroundings& surroundings) const;

 private:
  config::Sources sources(const std::vector<std::string>& environment) const;

  std::optional<std::string> file_;
  std::vector<std::vector<std::string>> values_;  ///< one for each setting, in their order
};

}  // namespace shale::cli
