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
  int list(const Surroundings& surroundings) const;
  int drop(const Surroundings& surroundings) const;
  int restore(const Surroundings& surroundings, const ServerCommand& sub) const;

  CLI::App& history_;
  CLI::App& manifest_;
  CLI::App& repository_;
  ServerCommand list_;
  ServerCommand drop_;
  ServerCommand restore_manifest_;
  ServerCommand restore_repository_;
  std::string name_;
  bool all_ = false;
  std::string output_ = "table";
};

}  // namespace shale::cli
