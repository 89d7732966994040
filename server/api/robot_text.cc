#include "server/api/robot_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::seconds;

constexpr std::size_t kLongestDescription = 256;
constexpr std::size_t kMostPermissions = 64;
constexpr std::size_t kMostPatterns = 256;
constexpr std::int64_t kLongestLife = std::int64_t{3600} * 24 * 3660;

template <class Known>
std::optional<std::string> unknown_member(const Json& json, const Known& known) {
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(known, name) == known.end()) return "there is no member `" + name + '`';
  }
  return std::nullopt;
}

/// Strings in a list that has some; empty when it is anything else.
std::vector<std::string> words_of(const Json& json, const char* name) {
  std::vector<std::string> words;
  const auto found = json.find(name);
  if (found == json.end() || !found->is_array() || found->size() > kMostPatterns) return {};
  for (const Json& word : *found) {
    if (!word.is_string()) return {};
    words.push_back(word.get<std::string>());
  }
  return words;
}

std::variant<auth::Permission, std::string> read_permission(const Json& json) {
  constexpr std::array<std::string_view, 2> kMembers = {"actions", "repositories"};
  if (!json.is_object()) return "a permission is an object with `actions` and `repositories`";
  if (auto fault = unknown_member(json, kMembers)) return *std::move(fault);
  const auto actions = words_of(json, "actions");
  const auto repositories = words_of(json, "repositories");
  if (actions.empty() || repositories.empty()) {
    return "a permission needs `actions` and `repositories`, each a list of some words";
  }
  auth::Permission permission;
  for (const std::string& word : actions) {
    const auto action = auth::parse_action(word);
    if (!action) {
      return '`' + word + "` is no action: write pull, push, overwrite, delete or admin";
    }
    permission.actions.insert(*action);
  }
  for (const std::string& word : repositories) {
    auto pattern = auth::RepositoryPattern::parse(word);
    if (!pattern) {
      return '`' + word + "` can match no repository: write names, with * for anything within " +
             "one part and ** for any parts, such as team-a/**";
    }
    permission.repositories.push_back(*std::move(pattern));
  }
  return permission;
}

std::variant<auth::Permissions, std::string> read_permissions(const Json& json) {
  const auto found = json.find("permissions");
  if (found == json.end() || !found->is_array() || found->empty() ||
      found->size() > kMostPermissions) {
    return "`permissions` must be a list of 1 to " + std::to_string(kMostPermissions);
  }
  auth::Permissions permissions;
  for (const Json& entry : *found) {
    auto permission = read_permission(entry);
    if (auto* fault = std::get_if<std::string>(&permission)) return std::move(*fault);
    permissions.push_back(std::get<auth::Permission>(std::move(permission)));
  }
  return permissions;
}

/// None when there is a member that is no such number.
std::optional<seconds> seconds_of(const Json& json, const char* name, std::int64_t least) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  const auto count = found->get<std::int64_t>();
  if (count < least || count > kLongestLife) return std::nullopt;
  return seconds(count);
}

std::string bad_seconds(const char* name, std::int64_t least) {
  return '`' + std::string(name) + "` must be a whole number of seconds, from " +
         std::to_string(least) + " to " + std::to_string(kLongestLife);
}

Json time_json(const std::optional<auth::Time>& time) {
  return time ? Json(format_time(*time)) : Json();
}

Json to_json(const auth::Robot& robot, auth::Time now) {
  Json permissions = Json::array();
  for (const auth::Permission& permission : robot.permissions) {
    Json actions = Json::array();
    for (const auth::Action action : permission.actions)
      actions.push_back(auth::action_name(action));
    Json repositories = Json::array();
    for (const auth::RepositoryPattern& pattern : permission.repositories)
      repositories.push_back(pattern.str());
    permissions.push_back(
        {{"actions", std::move(actions)}, {"repositories", std::move(repositories)}});
  }
  return {{"name", robot.name},
          {"login", robot.login()},
          {"description", robot.description},
          {"permissions", std::move(permissions)},
          {"created_by", robot.created_by},
          {"created", format_time(robot.created)},
          {"expires", time_json(robot.expires)},
          {"expired", robot.expired(now)},
          {"last_used", time_json(robot.last_used)}};
}

}  // namespace

std::variant<RobotWish, std::string> read_robot_wish(std::string_view text) {
  constexpr std::array<std::string_view, 4> kMembers = {"name", "description", "permissions",
                                                        "expires_in"};
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "the body is no JSON object";
  if (auto fault = unknown_member(json, kMembers)) return *std::move(fault);
  RobotWish wish;
  const auto name = json.find("name");
  if (name == json.end() || !name->is_string()) return "`name` must be there, and a string";
  wish.name = name->get<std::string>();
  if (const auto found = json.find("description"); found != json.end()) {
    if (!found->is_string() || found->get_ref<const std::string&>().size() > kLongestDescription) {
      return "`description` must be a string of at most " + std::to_string(kLongestDescription) +
             " bytes";
    }
    wish.description = found->get<std::string>();
  }
  auto permissions = read_permissions(json);
  if (auto* fault = std::get_if<std::string>(&permissions)) return std::move(*fault);
  wish.permissions = std::get<auth::Permissions>(std::move(permissions));
  if (json.contains("expires_in")) {
    wish.expires_in = seconds_of(json, "expires_in", 1);
    if (!wish.expires_in) return bad_seconds("expires_in", 1);
  }
  return wish;
}

std::variant<seconds, std::string> read_rotation(std::string_view text) {
  constexpr std::array<std::string_view, 1> kMembers = {"keep_former"};
  if (text.empty()) return seconds(0);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "the body is no JSON object";
  if (auto fault = unknown_member(json, kMembers)) return *std::move(fault);
  if (json.empty()) return seconds(0);
  const auto kept = seconds_of(json, "keep_former", 0);
  if (!kept) return bad_seconds("keep_former", 0);
  return *kept;
}

std::string robot_json(const auth::Robot& robot, auth::Time now, std::string_view secret) {
  Json json = to_json(robot, now);
  if (!secret.empty()) json["secret"] = secret;
  return dump(json);
}

std::string robots_json(const std::vector<auth::Robot>& robots, auth::Time now) {
  Json list = Json::array();
  for (const auth::Robot& robot : robots)
    list.push_back(to_json(robot, now));
  return dump(Json{{"robots", std::move(list)}});
}

}  // namespace shale::api
