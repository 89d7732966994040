#include "server/cli/robot_command.h"

#include <chrono>
#include <optional>
#include <ostream>
#include <string_view>
#include <variant>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/table.h"
#include "server/config/units.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRobots = "/api/v1/robots";

/// Seconds; none when it is no duration of at least `least`, which has been told then.
std::optional<std::int64_t> seconds_of(const Surroundings& surroundings, std::string_view flag,
                                       const std::string& text, std::int64_t least) {
  const auto parsed = config::parse_duration(text);
  if (const auto* wrong = std::get_if<config::Wrong>(&parsed)) {
    surroundings.err << "shale: " << flag << ": " << wrong->why << '\n';
    return std::nullopt;
  }
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(std::get<std::chrono::milliseconds>(parsed));
  if (seconds.count() >= least) return seconds.count();
  surroundings.err << "shale: " << flag << ": " << text << " is too short\n";
  return std::nullopt;
}

/// In a path, where a slash would end the name.
std::string escaped(const std::string& name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      text += c;
    } else {
      text += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return text;
}

std::string path_of(const std::string& name) {
  return std::string(kRobots) + '/' + escaped(name);
}

std::string joined(const Json& words, std::string_view between) {
  std::string all;
  for (const Json& word : words)
    ((all += all.empty() ? "" : between)) += word.get<std::string>();
  return all;
}

std::string permissions_of(const Json& robot) {
  std::string all;
  for (const Json& permission : robot["permissions"]) {
    all += all.empty() ? "" : "; ";
    all += joined(permission["actions"], ",") + ' ' + joined(permission["repositories"], ",");
  }
  return all;
}

std::string time_or(const Json& time, const char* otherwise) {
  return time.is_string() ? time.get<std::string>() : otherwise;
}

}  // namespace

RobotCommand::RobotCommand(CLI::App& app)
    : command_(*app.add_subcommand("robot", "Make and end accounts for programs")),
      create_(*command_.add_subcommand("create",
                                       "Make a robot; its secret is shown now and never again")),
      list_(*command_.add_subcommand("list", "List robots, and when each was last used")),
      rotate_(*command_.add_subcommand("rotate", "Give a robot a new secret, which is shown once")),
      revoke_(*command_.add_subcommand("revoke", "End a robot: its secret and tokens with it")),
      create_at_(create_),
      list_at_(list_),
      rotate_at_(rotate_),
      revoke_at_(revoke_) {
  command_.require_subcommand(1);
  for (CLI::App* command : {&create_, &rotate_, &revoke_})
    command->add_option("name", name_, "The robot")->required()->type_name("NAME");
  create_.add_option("--allow", actions_, "What it may do: pull, push, overwrite, delete, admin")
      ->delimiter(',')
      ->required()
      ->type_name("ACTIONS");
  create_
      .add_option("--repositories", repositories_, "Where: names, or patterns such as 'team-a/**'")
      ->delimiter(',')
      ->required()
      ->type_name("PATTERNS");
  create_.add_option("--expires", expires_, "After how long it ends, such as 90d, or `never`")
      ->type_name("TIME")
      ->capture_default_str();
  create_.add_option("--description", description_, "For people to read")->type_name("TEXT");
  rotate_
      .add_option("--keep-former", keep_former_,
                  "How long the secret before it still counts, such as 1h")
      ->type_name("TIME")
      ->capture_default_str();
  for (CLI::App* command : {&create_, &list_, &rotate_}) {
    add_output_option(*command, output_);
  }
}

bool RobotCommand::chosen() const {
  return command_.parsed();
}

int RobotCommand::run(const Surroundings& surroundings) const {
  if (create_.parsed()) return create(surroundings);
  if (list_.parsed()) return list(surroundings);
  if (rotate_.parsed()) return rotate(surroundings);
  return revoke(surroundings);
}

int RobotCommand::create(const Surroundings& surroundings) const {
  Json wish{{"name", name_},
            {"description", description_},
            {"permissions", {{{"actions", actions_}, {"repositories", repositories_}}}}};
  if (expires_ != "never") {
    const auto seconds = seconds_of(surroundings, "--expires", expires_, 1);
    if (!seconds) return kUsage;
    wish["expires_in"] = *seconds;
  }
  int code = kOk;
  const auto body = create_at_.ask(
      surroundings, "POST", kRobots,
      wish.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace), code);
  if (body) show_secret(surroundings, *body);
  return code;
}

int RobotCommand::list(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = list_at_.ask(surroundings, "GET", kRobots, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "PERMISSIONS", "EXPIRES", "LAST USED", "DESCRIPTION"}};
  for (const Json& robot : json["robots"]) {
    rows.push_back({robot["name"], permissions_of(robot),
                    robot["expired"].get<bool>() ? "expired" : time_or(robot["expires"], "never"),
                    time_or(robot["last_used"], "never"), robot["description"]});
  }
  print_table(surroundings.out, rows);
  return code;
}

int RobotCommand::rotate(const Surroundings& surroundings) const {
  const auto kept = seconds_of(surroundings, "--keep-former", keep_former_, 0);
  if (!kept) return kUsage;
  int code = kOk;
  const auto body = rotate_at_.ask(surroundings, "POST", path_of(name_) + "/secret",
                                   Json{{"keep_former", *kept}}.dump(), code);
  if (body) show_secret(surroundings, *body);
  return code;
}

int RobotCommand::revoke(const Surroundings& surroundings) const {
  int code = kOk;
  if (revoke_at_.ask(surroundings, "DELETE", path_of(name_), {}, code)) {
    surroundings.err << "revoked " << name_ << '\n';
  }
  return code;
}

/// The secret alone goes to standard output, so that it can be piped into a login.
void RobotCommand::show_secret(const Surroundings& surroundings, const std::string& body) const {
  const Json robot = Json::parse(body);
  if (output_ == "json") {
    surroundings.out << robot.dump(2) << '\n';
    return;
  }
  const std::string login = robot["login"];
  surroundings.err << "The secret of " << login << ", which is not shown again; it may "
                   << permissions_of(robot) << ", and expires "
                   << time_or(robot["expires"], "never")
                   << ". To log in:\n    docker login --username " << login
                   << " --password-stdin REGISTRY\n";
  surroundings.out << robot["secret"].get<std::string>() << '\n';
}

}  // namespace shale::cli
