#include "server/cli/doctor_command.h"

#include <chrono>
#include <csignal>
#include <ostream>
#include <string_view>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>

#include "auth/secrets.h"
#include "server/cli/control.h"
#include "server/cli/doctor/admission.h"
#include "server/cli/doctor/ground.h"
#include "server/cli/doctor/origin.h"
#include "server/cli/doctor/reach.h"
#include "server/cli/doctor/report.h"
#include "server/cli/doctor/trial.h"
#include "server/cli/doctor/visitor.h"
#include "server/config/load.h"

namespace shale::cli {
namespace {

using doctor::Login;
using doctor::Report;

/// For each step of a request by itself.
constexpr std::chrono::seconds kPatience{20};

constexpr const char* kHelp =
    "Visits the registry as docker would, and says of each check whether it is ok, a warning or\n"
    "failed, what was found, and what to change.\n"
    "\n"
    "Without URL, the instance is that of the configuration: server.external_url, else the "
    "address\n"
    "that it listens on. Checked are the name, the connection and the certificate, the login, the\n"
    "clock, the URLs that the registry hands out, and a trial push of 6 MiB of random bytes, "
    "which\n"
    "is pulled back, compared and removed. On the machine of the server (with --config, "
    "--data-dir,\n"
    "or without URL) also the disk, its speed and the limits of the process.\n"
    "\n"
    "The password of --user is read from SHALE_PASSWORD, else asked for or read from standard\n"
    "input. It is not sent over a connection whose certificate is not good.\n"
    "\n"
    "Exit codes: 0 nothing failed, warnings aside; 1 a check failed; 2 wrong command line or\n"
    "configuration.";

std::optional<std::string> variable(const Surroundings& surroundings, std::string_view front) {
  for (const std::string& entry : surroundings.environment) {
    if (entry.starts_with(front)) return entry.substr(front.size());
  }
  return std::nullopt;
}

/// A name that nobody else has.
std::string scratch_below(const std::string& parent) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name = parent + '/';
  for (const char c : auth::random_bytes(8))
    (name += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[static_cast<unsigned char>(c) & 15];
  return name;
}

void check_instance(doctor::Visitor& visitor, const std::optional<Login>& login,
                    const std::string& repository, Report& report) {
  const doctor::Reach reach = check_reach(visitor, report);
  if (!reach.reached) return;
  const auto standing = check_registry(visitor, reach, login, repository, report);
  if (standing == doctor::Standing::kNoRegistry) return;
  check_version(visitor, report);
  if (standing == doctor::Standing::kOutside) return;
  doctor::Trial trial(visitor, standing, repository, report);
  if (!trial.check_locations()) return;
  if (trial.push()) {
    trial.pull();
    trial.check_paging();
  }
  trial.check_buffering();
  trial.clean_up();
}

}  // namespace

DoctorCommand::DoctorCommand(CLI::App& app)
    : command_(*app.add_subcommand("doctor",
                                   "Check an instance as a client would, and say what to change")) {
  command_.add_option("url", url_, "The instance, such as https://registry.example.com")
      ->type_name("URL");
  command_
      .add_option("--config", config_,
                  "Its configuration; also SHALE_CONFIG; without URL, ./data is looked at and "
                  "/etc/shale/shale.yaml, too")
      ->type_name("FILE");
  command_.add_option("--data-dir", data_dir_, "Its data directory")->type_name("DIR");
  command_.add_option("--user", user_, "Who logs in")->type_name("NAME");
  command_.add_option("--ca", ca_, "Roots to believe besides the system's, as PEM")
      ->type_name("FILE");
  command_
      .add_option("--repository", repository_, "Below which repository the trial push has its own")
      ->type_name("NAME")
      ->capture_default_str();
  add_output_option(command_, output_);
  command_.footer(kHelp);
}

bool DoctorCommand::chosen() const {
  return command_.parsed();
}

int DoctorCommand::run(const Surroundings& surroundings) const {
  const auto wrong = [&](const std::string& what) {
    surroundings.err << "shale: " << what << '\n';
    return kUsage;
  };
  const config::Sources sources = url_ ? named_sources(surroundings, config_, data_dir_)
                                       : meant_sources(surroundings, config_, data_dir_);
  const auto loaded = config::load(sources);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    for (const config::Problem& problem : *problems)
      surroundings.err << problem.str() << '\n';
    return kUsage;
  }
  const config::Config& config = std::get<config::Loaded>(loaded).config;

  auto origin = url_ ? doctor::parse_instance(*url_) : doctor::instance_of(config);
  if (!origin) {
    return wrong(
        url_ ? '`' + *url_ +
                   "` names no instance: write https://NAME or http://NAME:PORT, "
                   "without a path"
             : "the configuration has no address with a port: name the URL of the instance");
  }
  auto tls = net::TlsCaller::make(ca_);
  if (const auto* why = std::get_if<std::string>(&tls)) return wrong("--ca " + *why);
  std::optional<Login> login;
  if (!user_.empty()) {
    auto password = variable(surroundings, "SHALE_PASSWORD=");
    if (!password && surroundings.read_password) {
      password = surroundings.read_password("Password of " + user_);
    }
    if (!password) return wrong("there is no password: type it, or set SHALE_PASSWORD");
    login = Login{.user = user_, .password = std::move(*password)};
  }

  // A connection that breaks in the middle of a write is a finding.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a known signal cannot fail
  Report report;
  doctor::Visitor visitor(*origin, std::move(std::get<net::TlsCaller>(tls)), kPatience);
  check_instance(visitor, login, scratch_below(repository_), report);
  const auto server = doctor::server_process(config);
  const bool meant = !url_ || sources.file || data_dir_;
  if (meant || server) check_ground(config, server, report);

  if (output_ == "json") {
    report.print_json(surroundings.out, origin->str());
  } else {
    report.print_table(surroundings.out);
  }
  return report.code();
}

}  // namespace shale::cli
