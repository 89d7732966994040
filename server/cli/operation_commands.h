#pragma once

#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale status`, `shale reload`, `shale read-only` and `shale log-level`: the running server
/// as a whole.
class OperationCommands {
 public:
  explicit OperationCommands(CLI::App& app);
  OperationCommands(const OperationCommands&) = delete;  // CLI11 keeps pointers to the members
  OperationCommands& operator=(const OperationCommands&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int status(const Surroundings& surroundings) const;
  int reload(const Surroundings& surroundings) const;
  int read_only(const Surroundings& surroundings) const;
  int log_level(const Surroundings& surroundings) const;

  ServerCommand status_;
  ServerCommand reload_;
  ServerCommand read_only_;
  ServerCommand log_level_;
  bool live_ = false;   ///< of the status no more than that there is one
  std::string wanted_;  ///< `on` or `off`; empty: only ask
  std::string level_;   ///< likewise
  std::string output_ = "table";
};

}  // namespace shale::cli
