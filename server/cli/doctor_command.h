#pragma once

#include <optional>
#include <string>

#include "server/cli/command_line.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// `shale doctor`.
class DoctorCommand {
 public:
  explicit DoctorCommand(CLI::App& app);
  DoctorCommand(const DoctorCommand&) = delete;  // CLI11 keeps pointers to the members
  DoctorCommand& operator=(const DoctorCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  CLI::App& command_;
  std::optional<std::string> url_;
  std::optional<std::string> config_;
  std::optional<std::string> data_dir_;
  std::string user_;
  std::string ca_;
  std::string repository_ = "shale-doctor";
  std::string output_ = "table";
};

}  // namespace shale::cli
