#pragma once

#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale retention run`: applies the retention of repositories now, at the running server.
class RetentionCommand {
 public:
  explicit RetentionCommand(CLI::App& app);
  RetentionCommand(const RetentionCommand&) = delete;  // CLI11 keeps pointers to the members
  RetentionCommand& operator=(const RetentionCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  CLI::App& command_;
  CLI::App& run_;
  ControlOption at_;
  std::string repositories_ = "**";
  std::string output_ = "table";
  bool dry_run_ = false;
  bool all_ = false;
};

/// `shale rules list`: the rules that the running server has, in their order.
class RulesCommand {
 public:
  explicit RulesCommand(CLI::App& app);
  RulesCommand(const RulesCommand&) = delete;  // as above
  RulesCommand& operator=(const RulesCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  CLI::App& command_;
  CLI::App& list_;
  ControlOption at_;
  std::string output_ = "table";
};

}  // namespace shale::cli
