#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "server/cli/command_line.h"
#include "server/cli/control.h"

namespace shale::cli {

/// `shale scrub run|status`: looks for damage, at the running server.
class ScrubCommand {
 public:
  explicit ScrubCommand(CLI::App& app);
  ScrubCommand(const ScrubCommand&) = delete;  // CLI11 keeps pointers to the members
  ScrubCommand& operator=(const ScrubCommand&) = delete;

  bool chosen() const;
  int run(const Surroundings& surroundings) const;

 private:
  int start(const Surroundings& surroundings) const;
  int wait(const Surroundings& surroundings) const;
  int status(const Surroundings& surroundings) const;
  int print(const Surroundings& surroundings, const std::string& body) const;

  CLI::App& command_;
  CLI::App& run_;
  CLI::App& status_;
  ControlOption run_at_;
  ControlOption status_at_;
  std::string rate_;
  bool wait_ = false;
  std::string output_ = "table";
};

/// `50MiB/s`, `50MiB` or plain bytes, or why it is none of these.
std::variant<std::uint64_t, std::string> parse_rate(std::string_view text);

}  // namespace shale::cli
