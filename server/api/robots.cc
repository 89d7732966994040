#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include "auth/robot_accounts.h"
#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"
#include "server/api/robot_text.h"

namespace shale::api {
namespace {

using auth::RobotAccounts;
using auth::RobotRefused;

constexpr WireError kInvalid{400, "ROBOT_INVALID", "this does not make a robot"};
constexpr WireError kUnknown{404, "ROBOT_UNKNOWN", "there is no such robot"};
constexpr WireError kTaken{409, "ROBOT_EXISTS", "there is a robot of that name"};
constexpr WireError kTooMany{409, "ROBOT_EXISTS", "there are too many robots"};
constexpr WireError kDenied{403, "DENIED", "you may not give away what you do not administer"};

http::Response refusal(const RobotRefused& refused) {
  switch (refused.why) {
    case RobotRefused::Why::kBadName:
      return error_response(kInvalid, {refused.what});
    case RobotRefused::Why::kTaken:
      return error_response(kTaken, {refused.what});
    case RobotRefused::Why::kUnknown:
      return error_response(kUnknown, {refused.what});
    case RobotRefused::Why::kTooMany:
      return error_response(kTooMany, {refused.what});
    case RobotRefused::Why::kNotStored:
      break;
  }
  return error_response(Error{Errc::kIo, "cannot store the robots: " + refused.what});
}

/// The robot that the path names, if the caller may know of it.
std::optional<auth::Robot> named(const Call& call) {
  auto robot = call.guard->robots().find(call.target.item);
  if (robot && !call.caller->may_administer(robot->permissions)) return std::nullopt;
  return robot;
}

http::Response unknown(const Call& call) {
  return error_response(kUnknown, {"there is no robot " + call.target.item});
}

/// Shows the secret, so nobody in between may keep it.
http::Response made_response(int status, const RobotAccounts::Made& made, auth::Time now) {
  auto response = json_response(robot_json(made.robot, now, made.secret));
  response.status = status;
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

Result<http::Response> get_robots(const Call& call) {
  auto robots = call.guard->robots().list();
  std::erase_if(robots, [&](const auth::Robot& robot) {
    return !call.caller->may_administer(robot.permissions);
  });
  return json_response(robots_json(robots, call.guard->now()));
}

Result<http::Response> post_robots(const Call& call) {
  if (!is_json(call.request)) return error_response(kNotJson);
  auto read = read_robot_wish(call.request.body);
  if (auto* fault = std::get_if<std::string>(&read)) return error_response(kInvalid, {*fault});
  auto& wish = std::get<RobotWish>(read);
  for (const auth::Permission& permission : wish.permissions) {
    for (const auth::RepositoryPattern& pattern : permission.repositories) {
      if (call.caller->may_administer(pattern)) continue;
      return error_response(kDenied, {"you do not administer all of " + pattern.str()});
    }
  }
  const auth::Time now = call.guard->now();
  auto made = call.guard->robots().create(
      {.name = std::move(wish.name),
       .description = std::move(wish.description),
       .permissions = std::move(wish.permissions),
       .created_by = call.actor(),
       .expires = wish.expires_in ? std::optional(now + *wish.expires_in) : std::nullopt});
  if (const auto* refused = std::get_if<RobotRefused>(&made)) return refusal(*refused);
  const auto& [robot, secret] = std::get<RobotAccounts::Made>(made);
  call.guard->note_change(*call.caller, call.request, "create robot", robot.name,
                          auth::describe(robot.permissions));
  return made_response(201, std::get<RobotAccounts::Made>(made), now);
}

Result<http::Response> get_robot(const Call& call) {
  const auto robot = named(call);
  if (!robot) return unknown(call);
  return json_response(robot_json(*robot, call.guard->now()));
}

Result<http::Response> post_robot_secret(const Call& call) {
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  const auto kept = read_rotation(call.request.body);
  if (const auto* fault = std::get_if<std::string>(&kept)) {
    return error_response(kInvalid, {*fault});
  }
  if (!named(call)) return unknown(call);
  auto made = call.guard->robots().rotate(call.target.item, std::get<std::chrono::seconds>(kept));
  if (const auto* refused = std::get_if<RobotRefused>(&made)) return refusal(*refused);
  call.guard->note_change(*call.caller, call.request, "rotate robot", call.target.item);
  return made_response(200, std::get<RobotAccounts::Made>(made), call.guard->now());
}

Result<http::Response> delete_robot(const Call& call) {
  if (!named(call)) return unknown(call);
  const auto gone = call.guard->robots().revoke(call.target.item);
  if (const auto* refused = std::get_if<RobotRefused>(&gone)) return refusal(*refused);
  call.guard->note_change(*call.caller, call.request, "revoke robot", call.target.item);
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace shale::api
