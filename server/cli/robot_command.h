#pragma once

#include <string>
#include <vector>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale robot create|list|rotate|revoke`: accounts for programs, at the running server.
class RobotCommand {
 public:
  explicit RobotCommand(CLI::App& app);
  RobotCommand(const RobotCommand&) = delete;  // CLI11 keeps pointers to the members
  RobotCommand& operator=(const RobotCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int create(const Surroundings& surroundings) const;
  int list(const Surroundings& surroundings) const;
  int rotate(const Surroundings& surroundings) const;
  int revoke(const Surroundings& surroundings) const;
  void show_secret(const Surroundings& surroundings, const std::string& json) const;

  CLI::App& command_;
  CLI::App& create_;
  CLI::App& list_;
  CLI::App& rotate_;
  CLI::App& revoke_;
  ControlOption create_at_;
  ControlOption list_at_;
  ControlOption rotate_at_;
  ControlOption revoke_at_;
  std::string name_;
  std::string description_;
  std::vector<std::string> actions_;
  std::vector<std::string> repositories_;
  std::string expires_ = "365d";
  std::string keep_former_ = "0s";
  std::string output_ = "table";
};

}  // namespace shale::cli
