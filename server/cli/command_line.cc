#include "server/cli/command_line.h"

#include <optional>
#include <ostream>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/cli/access_commands.h"
#include "server/cli/certificates.h"
#include "server/cli/config_flags.h"
#include "server/cli/doctor_command.h"
#include "server/cli/exposure.h"
#include "server/cli/gc_command.h"
#include "server/cli/help.h"
#include "server/cli/history_command.h"
#include "server/cli/manual_commands.h"
#include "server/cli/operation_commands.h"
#include "server/cli/removal_command.h"
#include "server/cli/retention_command.h"
#include "server/cli/robot_command.h"
#include "server/cli/scrub_command.h"
#include "server/cli/tag_command.h"
#include "server/cli/tls_command.h"
#include "server/cli/usage_command.h"
#include "server/cli/version.h"
#include "server/config/load.h"
#include "server/config/print.h"

namespace shale::cli {

namespace {

/// CLI11 takes arguments from the back, and `--flag=` for a flag without a value.
std::vector<std::string> for_cli11(const std::vector<std::string>& arguments) {
  std::vector<std::string> turned;
  for (const std::string& argument : arguments | std::views::reverse) {
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      turned.emplace_back();
      turned.push_back(argument.substr(0, argument.size() - 1));
    } else {
      turned.push_back(argument);
    }
  }
  return turned;
}

/// The line that tells what is wrong with a command line.
std::string complaint(const CLI::App& app, const CLI::Error& error,
                      const std::vector<std::string>& arguments) {
  std::string what = error.what();
  // CLI11 only finds that no command was given.
  const auto named = [&](const CLI::App* command) {
    return command->get_name() == arguments.front();
  };
  if (!arguments.empty() && !arguments.front().starts_with('-') &&
      app.get_subcommands(named).empty()) {
    what = "there is no command `" + arguments.front() + '`';
  }
  return "shale: " + what + "\nRun `shale --help` or `shale COMMAND --help` for more.\n";
}

class ServeCommand {
 public:
  explicit ServeCommand(CLI::App& app)
      : command_(*app.add_subcommand("serve", "Serve the registry until SIGTERM or SIGINT")),
        flags_(command_) {}

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    auto loaded = flags_.load(surroundings);
    if (!loaded) return kUsage;
    return surroundings.serve(
        {std::move(loaded->config), [&] { return read_again(surroundings); }});
  }

 private:
  std::variant<config::Config, std::vector<std::string>> read_again(
      const Surroundings& surroundings) const {
    std::ostringstream wrong;
    auto loaded = flags_.load({.environment = surroundings.environment,
                               .out = surroundings.out,
                               .err = wrong,
                               .serve = {}});
    if (loaded) return std::move(loaded->config);
    std::vector<std::string> lines;
    std::istringstream text(wrong.str());
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
    return lines;
  }

  CLI::App& command_;
  ConfigFlags flags_;
};

class FsckCommand {
 public:
  explicit FsckCommand(CLI::App& app)
      : command_(*app.add_subcommand(
            "fsck",
            "Prove that all that is stored is well, or say what is not; not while it serves")),
        flags_(command_) {
    command_.add_flag("--repair", options_.repair,
                      "Rebuild from the manifests what can be, set damaged blobs aside, remove "
                      "orphans, then prove it");
    command_.add_flag("--quick", options_.quick,
                      "Compare the sizes of blobs, and do not read their bytes");
    add_output_option(command_, output_);
  }

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    const auto loaded = flags_.load(surroundings);
    if (!loaded) return kUsage;
    FsckOptions options = options_;
    options.json = output_ == "json";
    return surroundings.fsck(loaded->config, options, surroundings.out, surroundings.err);
  }

 private:
  CLI::App& command_;
  ConfigFlags flags_;
  FsckOptions options_;
  std::string output_ = "table";
};

class CheckConfigCommand {
 public:
  explicit CheckConfigCommand(CLI::App& app)
      : command_(*app.add_subcommand(
            "check-config", "Check the configuration and print what `shale serve` would use")),
        flags_(command_) {
    command_.add_option("--output", output_, "How to print it: yaml, json or table")
        ->check(CLI::IsMember({"yaml", "json", "table"}))
        ->type_name("FORMAT")
        ->capture_default_str();
    command_.add_flag("--reference", reference_, "Print a sample file with every setting instead");
  }

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    if (reference_) {
      surroundings.out << config::reference();
      return kOk;
    }
    const auto loaded = flags_.load(surroundings);
    if (!loaded) return kUsage;
    for (const config::Problem& warning : check_certificates(*loaded).warnings)
      surroundings.err << warning.str() << '\n';
    for (const std::string& warning : exposures(loaded->config))
      surroundings.err << "warning: " << warning << '\n';
    surroundings.out << (output_ == "json"    ? config::to_json(loaded->config)
                         : output_ == "table" ? config::to_table(*loaded)
                                              : config::to_yaml(loaded->config));
    return kOk;
  }

 private:
  CLI::App& command_;
  ConfigFlags flags_;
  std::string output_ = "yaml";
  bool reference_ = false;
};

/// `--file`, or else what the configuration says; for a command about one file of it.
class FileOption {
 public:
  FileOption(CLI::App& command, const std::string& doc) {
    command.add_option("--file", file_, doc)->type_name("FILE");
    command.add_option("--config", config_, "The configuration that names it; also SHALE_CONFIG")
        ->type_name("FILE");
  }
  FileOption(const FileOption&) = delete;  // CLI11 keeps pointers to the members
  FileOption& operator=(const FileOption&) = delete;

  /// None when there is no telling, and the reason has been written to `err`.
  std::optional<std::string> path(const Surroundings& surroundings,
                                  std::string config::Config::Auth::* setting) const {
    if (file_) return file_;
    const auto& environment = surroundings.environment;
    const auto loaded = config::load({.file = config_ ? config_ : config_file_of(environment),
                                      .environment = environment,
                                      .flags = {}});
    if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
      for (const config::Problem& problem : *problems)
        surroundings.err << problem.str() << '\n';
      return std::nullopt;
    }
    std::string named = std::get<config::Loaded>(loaded).config.auth.*setting;
    if (!named.empty()) return named;
    surroundings.err << "shale: the configuration names no such file: write --file FILE\n";
    return std::nullopt;
  }

 private:
  std::optional<std::string> file_;
  std::optional<std::string> config_;
};

class UserCommand {
 public:
  explicit UserCommand(CLI::App& app)
      : command_(*app.add_subcommand("user", "Add, remove and list users of an htpasswd file")),
        add_(*command_.add_subcommand(
            "add",
            "Add a user, or set a password anew; asks for it, or reads it from standard input")),
        remove_(*command_.add_subcommand("remove", "Remove a user")),
        list_(*command_.add_subcommand("list", "List the users whose passwords can be checked")),
        add_file_(add_, kDoc),
        remove_file_(remove_, kDoc),
        list_file_(list_, kDoc) {
    command_.require_subcommand(1);
    for (CLI::App* command : {&add_, &remove_})
      command->add_option("name", name_, "The user")->required()->type_name("NAME");
  }

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    const FileOption& option = add_.parsed()      ? add_file_
                               : remove_.parsed() ? remove_file_
                                                  : list_file_;
    const auto file = option.path(surroundings, &config::Config::Auth::htpasswd);
    if (!file) return kUsage;
    if (add_.parsed()) return add_user(*file, name_, surroundings);
    if (remove_.parsed()) return remove_user(*file, name_, surroundings);
    return list_users(*file, surroundings);
  }

 private:
  static constexpr const char* kDoc = "The htpasswd file; else auth.htpasswd of the configuration";
  CLI::App& command_;
  CLI::App& add_;
  CLI::App& remove_;
  CLI::App& list_;
  FileOption add_file_;
  FileOption remove_file_;
  FileOption list_file_;
  std::string name_;
};

class PolicyCommand {
 public:
  explicit PolicyCommand(CLI::App& app)
      : command_(*app.add_subcommand("policy", "Try a policy out")),
        test_(*command_.add_subcommand(
            "test", "Say which rule decides: `shale policy test --as alice push team-a/app`")),
        file_(test_, "The policy; else auth.policy of the configuration") {
    command_.require_subcommand(1);
    test_.add_option("--as", question_.who, "A user, robot:NAME or anonymous")
        ->required()
        ->type_name("WHO");
    test_.add_option("action", question_.action, "pull, push, overwrite, delete or admin")
        ->required()
        ->type_name("ACTION");
    test_.add_option("repository", question_.repository, "What it is about")
        ->required()
        ->type_name("REPOSITORY");
  }

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    const auto file = file_.path(surroundings, &config::Config::Auth::policy);
    return file ? test_policy(*file, question_, surroundings) : kUsage;
  }

 private:
  CLI::App& command_;
  CLI::App& test_;
  FileOption file_;
  PolicyQuestion question_;
};

class VersionCommand {
 public:
  explicit VersionCommand(CLI::App& app)
      : command_(*app.add_subcommand(
            "version", "Print the version, and those of the libraries it was built with")) {
    command_.add_option("--output", output_, "How to print them: table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->type_name("FORMAT")
        ->capture_default_str();
  }

  bool chosen() const { return command_.parsed(); }

  int run(const Surroundings& surroundings) const {
    surroundings.out << (output_ == "json" ? version_json() : version_table());
    return kOk;
  }

 private:
  CLI::App& command_;
  std::string output_ = "table";
};

}  // namespace

std::optional<std::string> config_file_of(const std::vector<std::string>& environment) {
  constexpr std::string_view kFront = "SHALE_CONFIG=";
  for (const std::string& entry : environment) {
    if (entry.starts_with(kFront) && entry.size() > kFront.size()) {
      return entry.substr(kFront.size());
    }
  }
  return std::nullopt;
}

int run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  CLI::App app("Shale, a registry for container images and other OCI artifacts.", "shale");
  app.set_version_flag("--version", "shale " + std::string(version()));
  app.footer("`shale COMMAND --help` tells more about each.\n" + std::string(kExitCodes));
  app.require_subcommand(1);
  app.formatter(help_formatter());
  app.failure_message([&](const CLI::App* failed, const CLI::Error& error) {
    return complaint(*failed, error, arguments);
  });
  const ServeCommand serve(app);
  const CheckConfigCommand check_config(app);
  const TlsCommand tls(app);
  const UserCommand user(app);
  const RobotCommand robot(app);
  const UsageCommands usage(app);
  const PolicyCommand policy(app);
  const GcCommand gc(app);
  const ScrubCommand scrub(app);
  const FsckCommand fsck(app);
  const DoctorCommand doctor(app);
  const TagCommand tag(app);
  const RemovalCommand removal(app);
  const HistoryCommand history(app);
  const RetentionCommand retention(app);
  const RulesCommand rules(app);
  const OperationCommands operations(app);
  const ManualCommands manual(app);
  const VersionCommand print_version(app);

  try {
    app.parse(for_cli11(arguments));
  } catch (const CLI::ParseError& ended) {
    // Help and the version come this way, too.
    return app.exit(ended, surroundings.out, surroundings.err) == 0 ? kOk : kUsage;
  }

  if (serve.chosen()) return serve.run(surroundings);
  if (check_config.chosen()) return check_config.run(surroundings);
  if (tls.chosen()) return tls.run(surroundings);
  if (user.chosen()) return user.run(surroundings);
  if (robot.chosen()) return robot.run(surroundings);
  if (usage.chosen()) return usage.run(surroundings);
  if (policy.chosen()) return policy.run(surroundings);
  if (gc.chosen()) return gc.run(surroundings);
  if (removal.chosen()) return removal.run(surroundings);
  if (history.chosen()) return history.run(surroundings);
  if (scrub.chosen()) return scrub.run(surroundings);
  if (fsck.chosen()) return fsck.run(surroundings);
  if (doctor.chosen()) return doctor.run(surroundings);
  if (tag.chosen()) return tag.run(surroundings);
  if (retention.chosen()) return retention.run(surroundings);
  if (rules.chosen()) return rules.run(surroundings);
  if (operations.chosen()) return operations.run(surroundings);
  if (manual.chosen()) return manual.run(surroundings);
  return print_version.run(surroundings);
}

}  // namespace shale::cli
