#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "server/cli/command_line.h"
#include "server/config/load.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}  // namespace CLI

namespace shale::cli {

/// The socket on which `shale serve` listens for commands; empty: none.
std::string control_path(const config::Config& config);

/// The configuration that `config` or SHALE_CONFIG names, else the defaults, with that data
/// directory.
config::Sources named_sources(const Surroundings& surroundings,
                              const std::optional<std::string>& config,
                              const std::optional<std::string>& data_dir);

/// Of the server that a command is for. When nothing is named and no server has its data where
/// it has it by default, that is the service that the package installs, if it is there.
config::Sources meant_sources(const Surroundings& surroundings,
                              const std::optional<std::string>& config,
                              const std::optional<std::string>& data_dir);

/// What the server answered to a command.
struct ControlAnswer {
  int status = 0;
  std::string body;

  bool fine() const noexcept { return status >= 200 && status < 300; }
  /// The words of an error answer, one line each.
  std::string error() const;
};

/// One request to the server behind a control socket; `json` is the body, if not empty.
/// Waits for the answer, or says why there is none and what to do.
std::variant<ControlAnswer, std::string> ask_server(const std::string& socket,
                                                    std::string_view method, std::string_view path,
                                                    const std::string& json = {});

/// The flags that say which server a command is for.
class ControlOption {
 public:
  explicit ControlOption(CLI::App& command);
  ControlOption(const ControlOption&) = delete;  // CLI11 keeps pointers to the members
  ControlOption& operator=(const ControlOption&) = delete;

  /// Asks that server and returns its answer if it is a good one; none when it is not,
  /// and why has been written to `err`. `code` is what to exit with then.
  std::optional<std::string> ask(const Surroundings& surroundings, std::string_view method,
                                 std::string_view path, const std::string& json, int& code) const;

 private:
  std::optional<std::string> path(const Surroundings& surroundings) const;

  std::optional<std::string> socket_;
  std::optional<std::string> config_;
  std::optional<std::string> data_dir_;
};

/// A subcommand with the flags that say which server it is for.
struct ServerCommand {
  ServerCommand(CLI::App& parent, const char* name, const char* doc);

  CLI::App& command;
  ControlOption at;
};

/// `--output table|json`, into `output`, whose value is the default.
void add_output_option(CLI::App& command, std::string& output);

}  // namespace shale::cli
