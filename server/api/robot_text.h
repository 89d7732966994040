#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/robot.h"

namespace shale::api {

/// What a client wants a robot to be.
struct RobotWish {
  std::string name;
  std::string description;
  auth::Permissions permissions;
  std::optional<std::chrono::seconds> expires_in;
};

/// Reads `{"name", "description", "permissions": [{"actions", "repositories"}],
/// "expires_in"}`, of which name and permissions must be there; or says what is wrong.
std::variant<RobotWish, std::string> read_robot_wish(std::string_view json);

/// Reads `{"keep_former"}`, or nothing: the seconds for which the secret before it
/// counts, too.
std::variant<std::chrono::seconds, std::string> read_rotation(std::string_view json);

/// A robot as clients see it; with its secret where there is one to show.
std::string robot_json(const auth::Robot& robot, auth::Time now, std::string_view secret = {});
std::string robots_json(const std::vector<auth::Robot>& robots, auth::Time now);

}  // namespace shale::api
