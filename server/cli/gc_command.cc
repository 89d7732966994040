#include "server/cli/gc_command.h"

#include <cstdint>
#include <ostream>
#include <string_view>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kGc = "/api/v1/gc";
constexpr std::string_view kGcRun = "/api/v1/gc/run";

std::string words(const Json& report) {
  return std::to_string(report["blobs"].get<std::uint64_t>()) + " blobs, " +
         std::to_string(report["bytes"].get<std::uint64_t>()) + " bytes; " +
         std::to_string(report["links"].get<std::uint64_t>()) + " links from repositories, " +
         std::to_string(report["manifests"].get<std::uint64_t>()) + " manifests";
}

}  // namespace

GcCommand::GcCommand(CLI::App& app)
    : command_(*app.add_subcommand("gc", "Free what nothing refers to, while pushes go on")),
      run_(*command_.add_subcommand("run", "Free what is due at once, not in a second or two")),
      status_(*command_.add_subcommand("status", "What was freed since the server started")),
      run_at_(run_),
      status_at_(status_) {
  command_.require_subcommand(1);
  run_.add_flag("--now", now_,
                "Also what is kept for a client that may be about to name it; such a client "
                "has to upload it again");
  for (CLI::App* command : {&run_, &status_}) {
    add_output_option(*command, output_);
  }
}

bool GcCommand::chosen() const {
  return command_.parsed();
}

int GcCommand::run(const Surroundings& surroundings) const {
  return run_.parsed() ? collect(surroundings) : status(surroundings);
}

/// The server ends each answer in good time; this asks until there is no more.
int GcCommand::collect(const Surroundings& surroundings) const {
  int code = kOk;
  Json all{{"links", 0}, {"manifests", 0}, {"blobs", 0},
           {"bytes", 0}, {"waiting", 0},   {"failed", 0}};
  const std::string wish = Json{{"now", now_}}.dump();
  for (bool more = true; more;) {
    const auto body = run_at_.ask(surroundings, "POST", kGcRun, wish, code);
    if (!body) return code;
    const Json step = Json::parse(*body);
    for (const char* counter : {"links", "manifests", "blobs", "bytes"})
      all[counter] = all[counter].get<std::uint64_t>() + step[counter].get<std::uint64_t>();
    all["waiting"] = step["waiting"];
    all["failed"] = step["failed"];
    if (step.contains("failure")) all["failure"] = step["failure"];
    more = step["more"].get<bool>();
    if (more) surroundings.err << "freed so far: " << words(all) << '\n';
  }
  const auto failed = all["failed"].get<std::uint64_t>();
  if (failed > 0) {
    surroundings.err << "shale: " << failed << " files could not be removed, and are tried again: "
                     << all.value("failure", std::string()) << '\n';
    code = kFailure;
  }
  if (output_ == "json") {
    surroundings.out << all.dump(2) << '\n';
    return code;
  }
  surroundings.out << "freed " << words(all) << '\n';
  if (const auto waiting = all["waiting"].get<std::uint64_t>() - failed; waiting > 0) {
    surroundings.out << waiting << " are in use just now and go later\n";
  }
  return code;
}

int GcCommand::status(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = status_at_.ask(surroundings, "GET", kGc, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    surroundings.out << "freed since the start: " << words(json["since_start"]) << '\n';
  }
  return code;
}

}  // namespace shale::cli
