#pragma once

#include <optional>
#include <string>

#include "server/cli/command_line.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// `shale man` and `shale completion`, which tell of all commands that the program has
/// when one of them runs.
class ManualCommands {
 public:
  explicit ManualCommands(CLI::App& app);
  ManualCommands(const ManualCommands&) = delete;  // CLI11 keeps pointers to the members
  ManualCommands& operator=(const ManualCommands&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int man(const Surroundings& surroundings) const;

  const CLI::App& program_;
  CLI::App& man_;
  CLI::App& completion_;
  std::string page_;
  std::optional<std::string> directory_;
  std::string shell_;
};

}  // namespace shale::cli
