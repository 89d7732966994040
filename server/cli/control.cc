#include "server/cli/control.h"

#include <filesystem>
#include <ostream>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/cli/http_client.h"
#include "server/net/wire.h"

namespace shale::cli {
namespace {

std::string unreachable(const std::string& path, const std::string& why) {
  return "cannot reach a server at " + path + ": " + why +
         "; is `shale serve` running there, and do you run this as its user? --data-dir, --config "
         "or --socket say which one is meant";
}

/// Of the service that the package installs.
constexpr const char* kServiceConfig = "/etc/shale/shale.yaml";

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::string control_path(const config::Config& config) {
  if (config.server.control == "none") return {};
  if (!config.server.control.empty()) return config.server.control;
  return (std::filesystem::path(config.storage.data_dir) / "control.sock").string();
}

config::Sources named_sources(const Surroundings& surroundings,
                              const std::optional<std::string>& config,
                              const std::optional<std::string>& data_dir) {
  config::Sources sources{.file = config ? config : config_file_of(surroundings.environment),
                          .environment = surroundings.environment,
                          .flags = {}};
  if (data_dir) sources.flags.push_back({"--data-dir", "storage.data_dir", {*data_dir}});
  return sources;
}

config::Sources meant_sources(const Surroundings& surroundings,
                              const std::optional<std::string>& config,
                              const std::optional<std::string>& data_dir) {
  config::Sources sources = named_sources(surroundings, config, data_dir);
  if (sources.file || data_dir) return sources;
  const auto loaded = config::load(sources);
  const auto* defaults = std::get_if<config::Loaded>(&loaded);
  if (defaults == nullptr) return sources;
  const std::string socket = control_path(defaults->config);
  if (!socket.empty() && !exists(socket) && exists(kServiceConfig)) sources.file = kServiceConfig;
  return sources;
}

std::string ControlAnswer::error() const {
  const std::string words = HttpAnswer{.status = status, .fields = {}, .body = body}.words();
  return words.empty() ? "the server answered " + std::to_string(status) : words;
}

std::variant<ControlAnswer, std::string> ask_server(const std::string& path,
                                                    std::string_view method,
                                                    std::string_view target,
                                                    const std::string& json) {
  auto dialed = net::dial_unix(path);
  if (const auto* why = std::get_if<std::string>(&dialed)) return unreachable(path, *why);
  HttpRequest request{.method = std::string(method), .target = std::string(target), .body = json};
  if (!json.empty()) request.fields.emplace_back("Content-Type", "application/json");
  const auto wire = net::plain_wire(std::move(std::get<net::Dialed>(dialed).socket));
  auto answer = exchange(*wire, request);
  if (const auto* why = std::get_if<std::string>(&answer)) {
    return "the server at " + path + " did not answer: " + *why;
  }
  auto& answered = std::get<HttpAnswer>(answer);
  return ControlAnswer{answered.status, std::move(answered.body)};
}

ControlOption::ControlOption(CLI::App& command) {
  command.add_option("--data-dir", data_dir_, "The data directory of the server that is meant")
      ->type_name("DIR");
  command
      .add_option("--config", config_,
                  "Its configuration; also SHALE_CONFIG, else ./data is looked at and "
                  "/etc/shale/shale.yaml")
      ->type_name("FILE");
  command.add_option("--socket", socket_, "Its control socket")->type_name("PATH");
}

std::optional<std::string> ControlOption::path(const Surroundings& surroundings) const {
  if (socket_) return socket_;
  const auto loaded = config::load(meant_sources(surroundings, config_, data_dir_));
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    for (const config::Problem& problem : *problems)
      surroundings.err << problem.str() << '\n';
    return std::nullopt;
  }
  std::string path = control_path(std::get<config::Loaded>(loaded).config);
  if (!path.empty()) return path;
  surroundings.err << "shale: server.control is none, so that server takes no commands: leave it "
                      "out, or name a file, and restart\n";
  return std::nullopt;
}

std::optional<std::string> ControlOption::ask(const Surroundings& surroundings,
                                              std::string_view method, std::string_view target,
                                              const std::string& json, int& code) const {
  code = kUsage;
  const auto socket = path(surroundings);
  if (!socket) return std::nullopt;
  code = kFailure;
  auto answer = ask_server(*socket, method, target, json);
  if (const auto* fault = std::get_if<std::string>(&answer)) {
    surroundings.err << "shale: " << *fault << '\n';
    return std::nullopt;
  }
  auto& answered = std::get<ControlAnswer>(answer);
  if (!answered.fine()) {
    surroundings.err << "shale: " << answered.error() << '\n';
    return std::nullopt;
  }
  code = kOk;
  return std::move(answered.body);
}

ServerCommand::ServerCommand(CLI::App& parent, const char* name, const char* doc)
    : command(*parent.add_subcommand(name, doc)), at(command) {}

void add_output_option(CLI::App& command, std::string& output) {
  command.add_option("--output", output, "How to print it: table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

}  // namespace shale::cli
