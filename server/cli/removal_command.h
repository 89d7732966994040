#pragma once

#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale rm`: removes an image or a repository at the running server, or says what that
/// would do.
class RemovalCommand {
 public:
  explicit RemovalCommand(CLI::App& app);
  RemovalCommand(const RemovalCommand&) = delete;  // CLI11 keeps pointers to the members
  RemovalCommand& operator=(const RemovalCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  CLI::App& command_;
  ControlOption at_;
  std::string name_;
  bool dry_ = false;
  bool all_ = false;
  bool for_good_ = false;
  std::string output_ = "table";
};

}  // namespace shale::cli
