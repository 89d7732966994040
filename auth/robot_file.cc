#include "auth/robot_file.h"

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/files.h"

namespace shale::auth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json milliseconds(std::optional<Time> time) {
  return time ? Json(time->time_since_epoch().count()) : Json();
}

Json to_json(const Permission& permission) {
  Json actions = Json::array();
  for (const Action action : permission.actions)
    actions.push_back(action_name(action));
  Json repositories = Json::array();
  for (const RepositoryPattern& pattern : permission.repositories)
    repositories.push_back(pattern.str());
  return {{"actions", std::move(actions)}, {"repositories", std::move(repositories)}};
}

Json to_json(const Robot& robot) {
  Json permissions = Json::array();
  for (const Permission& permission : robot.permissions)
    permissions.push_back(to_json(permission));
  Json json{{"name", robot.name},
            {"description", robot.description},
            {"permissions", std::move(permissions)},
            {"created_by", robot.created_by},
            {"created", milliseconds(robot.created)},
            {"expires", milliseconds(robot.expires)},
            {"last_used", milliseconds(robot.last_used)},
            {"secret_sha256", robot.secret_hash}};
  if (robot.former) {
    json["former_secret_sha256"] = robot.former->hash;
    json["former_until"] = milliseconds(robot.former->until);
  }
  return json;
}

/// Reads the members of one object, and remembers whether all were as they must be.
class Members {
 public:
  explicit Members(const Json& json) : json_(json), fine_(json.is_object()) {}

  std::string text(const char* name) {
    const Json* found = member(name);
    if (found != nullptr && found->is_string()) return found->get<std::string>();
    fine_ = false;
    return {};
  }
  std::optional<Time> time(const char* name) {
    const Json* found = member(name);
    if (found == nullptr || found->is_null()) return std::nullopt;
    if (found->is_number_integer())
      return Time(std::chrono::milliseconds(found->get<std::int64_t>()));
    fine_ = false;
    return std::nullopt;
  }
  const Json& list(const char* name) {
    static const Json none = Json::array();
    const Json* found = member(name);
    if (found != nullptr && found->is_array()) return *found;
    fine_ = false;
    return none;
  }
  bool has(const char* name) const { return member(name) != nullptr; }
  void require(bool holds) { fine_ = fine_ && holds; }
  bool fine() const noexcept { return fine_; }

 private:
  const Json* member(const char* name) const {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : &*found;
  }

  const Json& json_;
  bool fine_;
};

std::optional<Permission> permission_of(const Json& json) {
  Members members(json);
  Permission permission;
  for (const Json& word : members.list("actions")) {
    const auto action = word.is_string() ? parse_action(word.get<std::string>()) : std::nullopt;
    members.require(action.has_value());
    if (action) permission.actions.insert(*action);
  }
  for (const Json& word : members.list("repositories")) {
    auto pattern =
        word.is_string() ? RepositoryPattern::parse(word.get<std::string>()) : std::nullopt;
    members.require(pattern.has_value());
    if (pattern) permission.repositories.push_back(*std::move(pattern));
  }
  return members.fine() ? std::optional(std::move(permission)) : std::nullopt;
}

std::optional<Robot> robot_of(const Json& json) {
  Members members(json);
  Robot robot{.name = members.text("name"),
              .description = members.text("description"),
              .permissions = {},
              .created_by = members.text("created_by"),
              .created = members.time("created").value_or(Time{}),
              .expires = members.time("expires"),
              .last_used = members.time("last_used"),
              .secret_hash = members.text("secret_sha256"),
              .former = std::nullopt};
  for (const Json& entry : members.list("permissions")) {
    auto permission = permission_of(entry);
    members.require(permission.has_value());
    if (permission) robot.permissions.push_back(*std::move(permission));
  }
  if (members.has("former_secret_sha256")) {
    robot.former = FormerSecret{members.text("former_secret_sha256"),
                                members.time("former_until").value_or(Time{})};
  }
  members.require(is_robot_name(robot.name));
  return members.fine() ? std::optional(std::move(robot)) : std::nullopt;
}

}  // namespace

bool is_robot_name(std::string_view name) noexcept {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 64 && kFirst.find(name.front()) != kFirst.npos &&
         name.find_first_not_of(kRest) == name.npos;
}

std::string write_robots(const std::vector<Robot>& robots) {
  Json list = Json::array();
  for (const Robot& robot : robots)
    list.push_back(to_json(robot));
  const Json json{{"version", kVersion}, {"robots", std::move(list)}};
  return json.dump(1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + '\n';
}

std::variant<std::vector<Robot>, std::string> read_robots(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto version = json.is_object() ? json.find("version") : json.end();
  if (!json.is_object() || version == json.end() || !version->is_number_integer()) {
    return "is no file of robots: restore it from a backup, or remove it and make them anew";
  }
  if (version->get<std::int64_t>() > kVersion) return "was written by a newer version of Shale";
  std::vector<Robot> robots;
  std::set<std::string> names;
  for (const Json& entry : json.value("robots", Json::array())) {
    auto robot = robot_of(entry);
    if (!robot || !names.insert(robot->name).second) {
      return "has a mistake in entry " + std::to_string(robots.size() + 1) +
             ": mend it, or restore the file from a backup";
    }
    robots.push_back(*std::move(robot));
  }
  return robots;
}

std::variant<std::vector<Robot>, std::string> RobotFile::load() {
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path_, failed))) {
    return std::vector<Robot>();
  }
  auto read = read_private_file(path_);
  if (auto* fault = std::get_if<FileFault>(&read)) return std::move(fault->why);
  auto robots = read_robots(std::get<FileContent>(read).text);
  if (auto* fault = std::get_if<std::string>(&robots)) return path_ + ' ' + *fault;
  return robots;
}

std::optional<std::string> RobotFile::save(const std::vector<Robot>& robots) {
  auto fault = write_private_file(path_, write_robots(robots));
  return fault ? std::optional(std::move(fault->why)) : std::nullopt;
}

}  // namespace shale::auth
