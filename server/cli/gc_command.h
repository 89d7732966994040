#pragma once

#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale gc run|status`: what nobody needs any more, at the running server.
class GcCommand {
 public:
  explicit GcCommand(CLI::App& app);
  GcCommand(const GcCommand&) = delete;  // CLI11 keeps pointers to the members
  GcCommand& operator=(const GcCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int collect(const Surroundings& surroundings) const;
  int status(const Surroundings& surroundings) const;

  CLI::App& command_;
  CLI::App& run_;
  CLI::App& status_;
  ControlOption run_at_;
  ControlOption status_at_;
  bool now_ = false;
  std::string output_ = "table";
};

}  // namespace shale::cli
