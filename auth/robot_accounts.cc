#include "auth/robot_accounts.h"

#include <algorithm>
#include <utility>

#include "auth/base64.h"
#include "auth/robot_secret.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

using Why = RobotRefused::Why;

constexpr std::size_t kMost = 10'000;

RobotRefused unknown(const std::string& name) {
  return {Why::kUnknown, "there is no robot " + name};
}

/// `last` is the end of the secret that was shown, where that is another one's.
IdentityPtr identity(const Robot& robot, std::optional<Time> last = std::nullopt) {
  std::optional<Time> end = robot.expires;
  if (last) end = std::min(*last, end.value_or(*last));
  return std::make_shared<const Identity>(
      Identity{.kind = Identity::Kind::kRobot,
               .name = robot.name,
               .groups = {},
               .stamp = encode_base64url(sha256(robot.secret_hash).substr(0, 12)),
               .permissions = std::make_shared<const Permissions>(robot.permissions),
               .expires = end});
}

}  // namespace

std::variant<std::unique_ptr<RobotAccounts>, std::string> RobotAccounts::open(
    std::unique_ptr<RobotStore> store, Now now) {
  auto loaded = store->load();
  if (auto* fault = std::get_if<std::string>(&loaded)) return std::move(*fault);
  Robots robots;
  for (Robot& robot : std::get<std::vector<Robot>>(loaded)) {
    std::string name = robot.name;
    robots.emplace(std::move(name), std::move(robot));
  }
  return std::unique_ptr<RobotAccounts>(
      new RobotAccounts(std::move(store), std::move(now), std::move(robots)));
}

Outcome RobotAccounts::authenticate(const PasswordClaim& claim) {
  if (!claim.user.starts_with(kRobotPrefix)) return Unknown{};
  const std::string hash = hash_robot_secret(claim.password);
  const Time now = now_();
  const auto robot = account(claim.user.substr(kRobotPrefix.size()));
  if (!robot || robot->expired(now)) return Rejected{};
  IdentityPtr who;
  if (equal_secrets(hash, robot->secret_hash)) {
    who = identity(*robot);
  } else if (robot->former && now < robot->former->until &&
             equal_secrets(hash, robot->former->hash)) {
    who = identity(*robot, robot->former->until);
  } else {
    return Rejected{};
  }
  uses_.lock()->insert_or_assign(robot->name, now);
  return Accepted{std::move(who)};
}

LookUp RobotAccounts::identity_of(Identity::Kind kind, const std::string& name) const {
  if (kind != Identity::Kind::kRobot) return Unknown{};
  const Time now = now_();
  const auto robot = account(name);
  if (!robot || robot->expired(now)) return Unknown{};
  uses_.lock()->insert_or_assign(name, now);
  return identity(*robot);
}

std::variant<RobotAccounts::Made, RobotRefused> RobotAccounts::create(Wanted wanted) {
  if (!is_robot_name(wanted.name)) {
    return RobotRefused{Why::kBadName,
                        "a robot's name has 1 to 64 of a to z, digits, `.`, `_` and `-`, and "
                        "begins with a letter or a digit"};
  }
  std::string secret = make_robot_secret();
  Robot robot{.name = std::move(wanted.name),
              .description = std::move(wanted.description),
              .permissions = std::move(wanted.permissions),
              .created_by = std::move(wanted.created_by),
              .created = now_(),
              .expires = wanted.expires,
              .last_used = std::nullopt,
              .secret_hash = hash_robot_secret(secret),
              .former = std::nullopt};
  auto refused = edit([&](Robots& robots) -> std::optional<RobotRefused> {
    if (robots.size() >= kMost) {
      return RobotRefused{Why::kTooMany, "there are " + std::to_string(kMost) +
                                             " robots, which is the most: revoke some"};
    }
    if (!robots.emplace(robot.name, robot).second) {
      return RobotRefused{Why::kTaken, "there is a robot " + robot.name +
                                           " already: revoke it first, or rotate its secret"};
    }
    return std::nullopt;
  });
  if (refused) return *std::move(refused);
  return Made{std::move(robot), std::move(secret)};
}

std::variant<RobotAccounts::Made, RobotRefused> RobotAccounts::rotate(
    const std::string& name, std::chrono::seconds keep_former) {
  Made made{{}, make_robot_secret()};
  auto refused = edit([&](Robots& robots) -> std::optional<RobotRefused> {
    const auto found = robots.find(name);
    if (found == robots.end()) return unknown(name);
    Robot& robot = found->second;
    robot.former.reset();
    if (keep_former.count() > 0) {
      robot.former = FormerSecret{std::exchange(robot.secret_hash, {}), now_() + keep_former};
    }
    robot.secret_hash = hash_robot_secret(made.secret);
    made.robot = robot;
    return std::nullopt;
  });
  if (refused) return *std::move(refused);
  return made;
}

std::variant<Robot, RobotRefused> RobotAccounts::revoke(const std::string& name) {
  Robot gone;
  auto refused = edit([&](Robots& robots) -> std::optional<RobotRefused> {
    const auto found = robots.find(name);
    if (found == robots.end()) return unknown(name);
    gone = std::move(found->second);
    robots.erase(found);
    return std::nullopt;
  });
  if (refused) return *std::move(refused);
  uses_.lock()->erase(name);
  return gone;
}

std::optional<RobotRefused> RobotAccounts::edit(
    const std::function<std::optional<RobotRefused>(Robots&)>& change) {
  const auto store = store_.lock();
  Robots changed = *robots_.lock();
  if (auto refused = change(changed)) return refused;
  std::vector<Robot> all;
  for (const auto& [name, robot] : changed)
    all.push_back(robot);
  if (auto fault = (*store)->save(all)) return RobotRefused{Why::kNotStored, *std::move(fault)};
  *robots_.lock() = std::move(changed);
  generation_.fetch_add(1);
  return std::nullopt;
}

std::vector<Robot> RobotAccounts::list() const {
  const Robots robots = *robots_.lock();
  const Uses uses = *uses_.lock();
  std::vector<Robot> all;
  for (const auto& [name, robot] : robots) {
    all.push_back(robot);
    if (const auto used = uses.find(name); used != uses.end()) all.back().last_used = used->second;
  }
  return all;
}

std::optional<Robot> RobotAccounts::find(const std::string& name) const {
  auto robot = account(name);
  const auto uses = uses_.lock();
  const auto used = uses->find(name);
  if (robot && used != uses->end()) robot->last_used = used->second;
  return robot;
}

std::optional<Robot> RobotAccounts::account(const std::string& name) const {
  const auto robots = robots_.lock();
  const auto found = robots->find(name);
  return found == robots->end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> RobotAccounts::store_last_used() {
  Uses uses = std::exchange(*uses_.lock(), {});
  if (uses.empty()) return std::nullopt;
  const auto store = store_.lock();
  Robots changed = *robots_.lock();
  std::vector<Robot> all;
  for (auto& [name, robot] : changed) {
    if (const auto used = uses.find(name); used != uses.end()) robot.last_used = used->second;
    all.push_back(robot);
  }
  auto fault = (*store)->save(all);
  // What could not be stored is known all the same, until the program ends.
  *robots_.lock() = std::move(changed);
  return fault;
}

}  // namespace shale::auth
