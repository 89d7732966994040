#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/authenticator.h"
#include "auth/guarded.h"
#include "auth/robot.h"

namespace shale::auth {

/// Why a robot was not made, changed or removed.
struct RobotRefused {
  enum class Why : std::uint8_t { kBadName, kTaken, kUnknown, kTooMany, kNotStored };
  Why why;
  std::string what;  ///< for whoever asked; of `kNotStored` for the log
};

/// All robots: their accounts, and the source of identities that they log in with. What
/// was answered is stored. Thread-safe.
class RobotAccounts final : public Authenticator {
 public:
  using Now = std::function<Time()>;

  /// The robots in the store, or why they cannot be read.
  static std::variant<std::unique_ptr<RobotAccounts>, std::string> open(
      std::unique_ptr<RobotStore> store, Now now);

  /// Names of robots are known here only, so an unknown one is `Rejected`.
  Outcome authenticate(const PasswordClaim& claim) override;
  LookUp identity_of(Identity::Kind kind, const std::string& name) const override;
  std::uint64_t generation() const override { return generation_.load(); }

  struct Wanted {
    std::string name;
    std::string description;
    Permissions permissions;
    std::string created_by;
    std::optional<Time> expires;
  };
  /// A robot with a secret that can be had here and now, and never again.
  struct Made {
    Robot robot;
    std::string secret;
  };
  std::variant<Made, RobotRefused> create(Wanted wanted);
  /// A new secret; the one before it counts for `keep_former` more.
  std::variant<Made, RobotRefused> rotate(const std::string& name,
                                          std::chrono::seconds keep_former);
  /// From now on nobody logs in as that robot, and its tokens end.
  std::variant<Robot, RobotRefused> revoke(const std::string& name);

  /// By name.
  std::vector<Robot> list() const;
  std::optional<Robot> find(const std::string& name) const;

  /// Stores when robots were last used, if that has changed. To be called now and then,
  /// and at the end. Returns what went wrong.
  std::optional<std::string> store_last_used();

 private:
  using Robots = std::map<std::string, Robot, std::less<>>;
  using Uses = std::map<std::string, Time, std::less<>>;

  RobotAccounts(std::unique_ptr<RobotStore> store, Now now, Robots robots)
      : now_(std::move(now)), robots_(std::move(robots)), store_(std::move(store)) {}

  std::optional<Robot> account(const std::string& name) const;
  /// Stores what `change` makes of the robots, and only then shows it.
  std::optional<RobotRefused> edit(
      const std::function<std::optional<RobotRefused>(Robots&)>& change);

  const Now now_;
  Guarded<Robots> robots_;
  mutable Guarded<Uses> uses_;  ///< since the last `store_last_used`
  /// Held while one edits, and before any of the others.
  Guarded<std::unique_ptr<RobotStore>> store_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace shale::auth
