#pragma once

#include <string>
#include <string_view>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale history list|drop`, `shale manifest restore` and `shale repository restore`: what was
/// deleted and is kept, and the way back, at the running server.
class HistoryCommand {
 public:
  explicit HistoryCommand(CLI::App& app);
  HistoryCommand(const HistoryCommand&) = delete;  // CLI11 keeps pointers to the members
  HistoryCommand& operator=(const HistoryCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  /// A subcommand with the flags that say which server it is for.
  struct Sub {
    Sub(CLI::App& parent, const char* name, const char* doc);

    CLI::App& command;
    ControlOption at;
  };

  int list(const Surroundings& surroundings) const;
  int drop(const Surroundings& surroundings) const;
  int restore(const Surroundings& surroundings, const Sub& sub) const;

  CLI::App& history_;
  CLI::App& manifest_;
  CLI::App& repository_;
  Sub list_;
  Sub drop_;
  Sub restore_manifest_;
  Sub restore_repository_;
  std::string name_;
  bool all_ = false;
  std::string output_ = "table";
};

}  // namespace shale::cli
