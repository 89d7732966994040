#pragma once

#include <optional>
#include <string>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale usage`, `shale layers top`, `shale image find` and `shale quota list`: where the
/// space is, at the running server.
class UsageCommands {
 public:
  explicit UsageCommands(CLI::App& app);
  UsageCommands(const UsageCommands&) = delete;  // CLI11 keeps pointers to the members
  UsageCommands& operator=(const UsageCommands&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int usage(const Surroundings& surroundings) const;
  int layers(const Surroundings& surroundings) const;
  int images(const Surroundings& surroundings) const;
  int quotas(const Surroundings& surroundings) const;

  CLI::App& usage_;
  CLI::App& layers_;
  CLI::App& layers_top_;
  CLI::App& image_;
  CLI::App& image_find_;
  CLI::App& quota_;
  CLI::App& quota_list_;
  ControlOption usage_at_;
  ControlOption layers_at_;
  ControlOption images_at_;
  ControlOption quotas_at_;
  std::string what_;
  std::string layer_;
  std::string base_;
  std::size_t top_ = 20;
  std::string output_ = "table";
};

}  // namespace shale::cli
