#include "auth/robot_accounts.h"

#include <utility>

#include <doctest/doctest.h>

#include "auth/token_service.h"
#include "tests/auth/policies.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;
using Why = RobotRefused::Why;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

/// What a store on a disk would hold, and whether it takes more.
struct Disk {
  std::vector<Robot> robots;
  bool full = false;
  int saves = 0;
};

class DiskStore final : public RobotStore {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  std::variant<std::vector<Robot>, std::string> load() override { return disk_.robots; }
  std::optional<std::string> save(const std::vector<Robot>& robots) override {
    if (disk_.full) return "no space left on device";
    disk_.robots = robots;
    ++disk_.saves;
    return std::nullopt;
  }

 private:
  Disk& disk_;
};

struct House {
  std::unique_ptr<RobotAccounts> open() {
    auto opened = RobotAccounts::open(std::make_unique<DiskStore>(disk), [this] { return now; });
    return std::get<std::unique_ptr<RobotAccounts>>(std::move(opened));
  }
  RobotAccounts::Made make(const std::string& name,
                           std::optional<Time> expires = std::nullopt) const {
    auto made =
        robots->create({.name = name,
                        .description = "",
                        .permissions = {{.actions = {Action::kPull, Action::kPush},
                                         .repositories = {*RepositoryPattern::parse("team-a/**")}}},
                        .created_by = "olga",
                        .expires = expires});
    REQUIRE(std::holds_alternative<RobotAccounts::Made>(made));
    return std::get<RobotAccounts::Made>(made);
  }
  IdentityPtr log_in(const std::string& user, const std::string& password) const {
    auto outcome = robots->authenticate({user, password});
    auto* accepted = std::get_if<Accepted>(&outcome);
    return accepted != nullptr ? accepted->identity : nullptr;
  }

  Disk disk;
  Time now = kNow;
  std::unique_ptr<RobotAccounts> robots = open();
};

Why why(const auto& outcome) {
  REQUIRE(std::holds_alternative<RobotRefused>(outcome));
  return std::get<RobotRefused>(outcome).why;
}

TEST_CASE("RobotAccounts: a robot logs in with its secret, also after a restart") {
  House house;
  const auto made = house.make("ci");
  for (int life = 0; life < 2; ++life) {
    const auto who = house.log_in("robot+ci", made.secret);
    REQUIRE(who);
    CHECK(who->kind == Identity::Kind::kRobot);
    CHECK(who->name == "ci");
    CHECK(*who->permissions == made.robot.permissions);
    CHECK_FALSE(house.log_in("robot+ci", made.secret + "x"));
    CHECK_FALSE(house.log_in("robot+ci", ""));
    CHECK_FALSE(house.log_in("robot+cd", made.secret));
    house.robots = house.open();
  }
}

TEST_CASE("RobotAccounts: other names are other sources', and robots' are nobody else's") {
  House house;
  CHECK(std::holds_alternative<Unknown>(house.robots->authenticate({"ci", "x"})));
  CHECK(std::holds_alternative<Rejected>(house.robots->authenticate({"robot+ci", "x"})));
  CHECK(std::holds_alternative<Unknown>(house.robots->identity_of(Identity::Kind::kUser, "ci")));
}

TEST_CASE("RobotAccounts: the secret is in nothing that is stored") {
  House house;
  const auto made = house.make("ci");
  for (const Robot& robot : house.disk.robots) {
    CHECK(robot.secret_hash.find(made.secret) == std::string::npos);
    CHECK(robot.secret_hash.size() == 64);
  }
}

TEST_CASE("RobotAccounts: a robot that has expired logs in no more") {
  House house;
  const auto made = house.make("ci", kNow + 1h);
  CHECK(house.log_in("robot+ci", made.secret)->expires == kNow + 1h);
  house.now = kNow + 1h - 1ms;
  CHECK(house.log_in("robot+ci", made.secret));
  house.now = kNow + 1h;
  CHECK_FALSE(house.log_in("robot+ci", made.secret));
  CHECK(std::holds_alternative<Unknown>(house.robots->identity_of(Identity::Kind::kRobot, "ci")));
  CHECK(house.robots->list().size() == 1);
}

TEST_CASE("RobotAccounts: a rotated secret ends the one before it, at once or after a while") {
  House house;
  const auto first = house.make("ci");
  const auto before = house.robots->generation();
  const auto second = std::get<RobotAccounts::Made>(house.robots->rotate("ci", 0s));
  CHECK(house.robots->generation() != before);
  CHECK_FALSE(house.log_in("robot+ci", first.secret));
  CHECK(house.log_in("robot+ci", second.secret));

  const auto third = std::get<RobotAccounts::Made>(house.robots->rotate("ci", 60s));
  CHECK(house.log_in("robot+ci", second.secret)->expires == kNow + 60s);
  CHECK_FALSE(house.log_in("robot+ci", third.secret)->expires);
  house.now = kNow + 60s;
  CHECK_FALSE(house.log_in("robot+ci", second.secret));
  CHECK(house.log_in("robot+ci", third.secret));
  CHECK(why(house.robots->rotate("cd", 0s)) == Why::kUnknown);
}

TEST_CASE("RobotAccounts: a revoked robot is nobody, and its name is free") {
  House house;
  const auto made = house.make("ci");
  const auto before = house.robots->generation();
  CHECK(std::get<Robot>(house.robots->revoke("ci")).name == "ci");
  CHECK(house.robots->generation() != before);
  CHECK_FALSE(house.log_in("robot+ci", made.secret));
  CHECK(why(house.robots->revoke("ci")) == Why::kUnknown);
  CHECK_FALSE(house.log_in("robot+ci", house.make("ci").secret + "x"));
}

TEST_CASE("RobotAccounts: names that are taken or cannot be are refused") {
  House house;
  house.make("ci");
  for (const char* name : {"", "-x", ".x", "Ci", "a/b", "a b", "a:b", "a+b"}) {
    CHECK(why(house.robots->create({.name = name,
                                    .description = "",
                                    .permissions = {},
                                    .created_by = "",
                                    .expires = std::nullopt})) == Why::kBadName);
  }
  CHECK(why(house.robots->create({.name = "ci",
                                  .description = "",
                                  .permissions = {},
                                  .created_by = "",
                                  .expires = std::nullopt})) == Why::kTaken);
}

TEST_CASE("RobotAccounts: what could not be stored has not happened") {
  House house;
  const auto made = house.make("ci");
  house.disk.full = true;
  CHECK(why(house.robots->create({.name = "cd",
                                  .description = "",
                                  .permissions = {},
                                  .created_by = "",
                                  .expires = std::nullopt})) == Why::kNotStored);
  CHECK(why(house.robots->rotate("ci", 0s)) == Why::kNotStored);
  CHECK(why(house.robots->revoke("ci")) == Why::kNotStored);
  CHECK(house.log_in("robot+ci", made.secret));
  CHECK(house.robots->list().size() == 1);
}

TEST_CASE("RobotAccounts: when a robot was last used is told at once and stored when asked to") {
  House house;
  const auto made = house.make("ci");
  CHECK_FALSE(house.robots->find("ci")->last_used);
  const int saves = house.disk.saves;
  CHECK_FALSE(house.robots->store_last_used());
  CHECK(house.disk.saves == saves);

  house.now += 5s;
  CHECK(house.log_in("robot+ci", made.secret));
  CHECK(house.robots->find("ci")->last_used == house.now);
  CHECK(house.robots->list().front().last_used == house.now);
  CHECK(house.disk.saves == saves);
  CHECK_FALSE(house.robots->store_last_used());
  CHECK(house.disk.saves == saves + 1);
  CHECK(house.open()->find("ci")->last_used == house.now);
}

TEST_CASE("TokenService: a robot's token ends with its secret and with the robot") {
  House house;
  const auto made = house.make("ci", kNow + 2min);
  const AccessPolicy policy;
  TokenService tokens(*house.robots, SigningKey::make(), {});
  const auto issue = [&](const std::string& secret) {
    return tokens.issue(*house.log_in("robot+ci", secret),
                        parse_scopes("repository:team-a/app:pull,push,delete"), policy,
                        TokenService::Refresh::kYes, house.now);
  };
  const auto holds = [&](const IssuedToken& issued, Time now) {
    return std::holds_alternative<VerifiedTokenPtr>(tokens.verify(issued.token, now));
  };

  const IssuedToken first = issue(made.secret);
  CHECK(first.refresh_token.empty());
  CHECK(format_scopes(first.access) == "repository:team-a/app:pull,push");
  CHECK(first.life == 2min);
  CHECK(holds(first, kNow));
  CHECK(tokens.recall(first.token, kNow + 2min - 1ms));
  CHECK_FALSE(tokens.recall(first.token, kNow + 2min));

  const auto rotated = std::get<RobotAccounts::Made>(house.robots->rotate("ci", 0s));
  CHECK_FALSE(tokens.recall(first.token, kNow));
  CHECK_FALSE(holds(first, kNow));
  const IssuedToken second = issue(rotated.secret);
  CHECK(holds(second, kNow));
  static_cast<void>(house.robots->revoke("ci"));
  CHECK_FALSE(tokens.recall(second.token, kNow));
  CHECK_FALSE(holds(second, kNow));
}

}  // namespace
}  // namespace shale::auth
