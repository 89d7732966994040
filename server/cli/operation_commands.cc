#include "server/cli/operation_commands.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/json_words.h"
#include "server/cli/table.h"
#include "server/config/units.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kStatus = "/api/v1/status";
constexpr std::string_view kLive = "/livez";
constexpr std::string_view kReload = "/api/v1/reload";
constexpr std::string_view kReadOnly = "/api/v1/read-only";
constexpr std::string_view kLogLevel = "/api/v1/log-level";

std::string number(const Json& value) {
  return std::to_string(value.get<std::int64_t>());
}

std::string size(const Json& bytes) {
  return config::readable_size(bytes.get<std::uint64_t>());
}

std::string duration(const Json& seconds) {
  const auto all = seconds.get<std::int64_t>();
  const auto days = all / 86400;
  const auto hours = all / 3600 % 24;
  const auto minutes = all / 60 % 60;
  if (days > 0) return std::to_string(days) + "d " + std::to_string(hours) + "h";
  if (hours > 0) return std::to_string(hours) + "h " + std::to_string(minutes) + "m";
  return std::to_string(minutes) + "m " + std::to_string(all % 60) + "s";
}

std::string mode_of(const Json& status) {
  if (status["draining"].get<bool>()) return "ending: no new connections";
  return status["read_only"].get<bool>() ? "read-only" : "serving";
}

std::string connections_of(const Json& status) {
  std::string all;
  for (const auto& [state, count] : status["connections"].items()) {
    if (count.get<std::int64_t>() == 0) continue;
    (all += all.empty() ? "" : ", ") += number(count) + ' ' + state;
  }
  return all.empty() ? "none" : all;
}

Rows status_rows(const Json& status) {
  const Json& store = status["store"];
  Rows rows{
      {"WHAT", "NOW"},
      {"version", status["version"].get<std::string>()},
      {"process", number(status["process"]) + ", up " + duration(status["uptime_seconds"])},
      {"mode", mode_of(status)},
      {"listening", listed(status["addresses"])},
      {"connections", connections_of(status)},
      {"pool",
       number(status["pool"]["busy"]) + " busy, " + number(status["pool"]["waiting"]) + " waiting"},
      {"memory", size(status["memory_bytes"])},
      {"open files", number(status["files"]["open"]) + " of " + number(status["files"]["most"])},
      {"disk", size(status["disk"]["free_bytes"]) + " free, " +
                   size(status["disk"]["reserve_bytes"]) + " in reserve"},
      {"content", number(store["repositories"]) + " repositories, " + number(store["tags"]) +
                      " tags, " + number(store["manifests"]) + " manifests, " +
                      number(store["blobs"]) + " blobs"},
      {"stored",
       size(store["bytes"]) + " for " + size(store["logical_bytes"]) + " that repositories show"},
      {"uploads", number(store["uploads_open"]) + " open"},
      {"freed", size(store["bytes_freed"]) + " since the start"},
      {"log level", status["log_level"].get<std::string>()}};
  if (store["set_aside"].get<std::int64_t>() > 0) {
    rows.push_back({"set aside", number(store["set_aside"]) + " damaged blobs: see shale scrub"});
  }
  if (!status["waiting_for_restart"].empty()) {
    rows.push_back({"needs restart", listed(status["waiting_for_restart"])});
  }
  for (const Json& check : status["checks"]) {
    const bool ok = check["ok"].get<bool>();
    rows.push_back({(ok ? "ok: " : "WRONG: ") + check["name"].get<std::string>(),
                    check["detail"].get<std::string>()});
  }
  return rows;
}

bool all_is_well(const Json& status) {
  return std::ranges::all_of(status["checks"],
                             [](const Json& check) { return check["ok"].get<bool>(); });
}

}  // namespace

OperationCommands::OperationCommands(CLI::App& app)
    : status_(app, "status", "What the running server is, has and does; fails unless all is well"),
      reload_(app, "reload",
              "Take over the settings that were changed, all of them or, when something is wrong, "
              "none, and read users, policy and certificates again, which are also followed by "
              "themselves"),
      read_only_(app, "read-only",
                 "Refuse pushes and deletes while pulls go on, until it is switched off or the "
                 "server starts anew"),
      log_level_(app, "log-level", "Show or change which lines the running server writes") {
  status_.command.add_flag("--live", live_,
                           "Only whether it answers: exit 0 as long as it does, whatever is wrong. "
                           "For what restarts servers");
  read_only_.command.add_option("state", wanted_, "on or off; without it, say which it is")
      ->check(CLI::IsMember({"on", "off"}))
      ->type_name("on|off");
  log_level_.command
      .add_option("level", level_, "The least important lines; without it, say which")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->type_name("LEVEL");
  for (ServerCommand* command : {&status_, &reload_, &read_only_, &log_level_})
    add_output_option(command->command, output_);
}

bool OperationCommands::chosen() const {
  return status_.command.parsed() || reload_.command.parsed() || read_only_.command.parsed() ||
         log_level_.command.parsed();
}

int OperationCommands::run(const Surroundings& surroundings) const {
  if (status_.command.parsed()) return status(surroundings);
  if (reload_.command.parsed()) return reload(surroundings);
  return read_only_.command.parsed() ? read_only(surroundings) : log_level(surroundings);
}

int OperationCommands::status(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = status_.at.ask(surroundings, "GET", live_ ? kLive : kStatus, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (live_) {
    surroundings.out << (output_ == "json" ? json.dump(2) : "it answers") << '\n';
    return kOk;
  }
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    print_table(surroundings.out, status_rows(json));
  }
  return all_is_well(json) ? kOk : kFailure;
}

int OperationCommands::reload(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = reload_.at.ask(surroundings, "POST", kReload, "{}", code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return kOk;
  }
  surroundings.out << "changed: " << listed(json["changed"]) << '\n'
                   << "read again: " << listed(json["read"]) << '\n';
  if (!json["restart"].empty()) {
    surroundings.out << "changed, and needs a restart: " << listed(json["restart"]) << '\n';
  }
  return kOk;
}

int OperationCommands::read_only(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = wanted_.empty() ? read_only_.at.ask(surroundings, "GET", kReadOnly, {}, code)
                                    : read_only_.at.ask(surroundings, "POST", kReadOnly,
                                                        Json{{"on", wanted_ == "on"}}.dump(), code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    surroundings.out << (json["on"].get<bool>() ? "read-only: pushes and deletes are refused\n"
                                                : "pushes and deletes are taken\n");
  }
  return kOk;
}

int OperationCommands::log_level(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = level_.empty() ? log_level_.at.ask(surroundings, "GET", kLogLevel, {}, code)
                                   : log_level_.at.ask(surroundings, "POST", kLogLevel,
                                                       Json{{"level", level_}}.dump(), code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    surroundings.out << "log level: " << json["level"].get<std::string>() << '\n';
  }
  return kOk;
}

}  // namespace shale::cli
