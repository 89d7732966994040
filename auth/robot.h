#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/identity.h"

namespace shale::auth {

/// What a robot logs in with: this, and its name behind it.
inline constexpr std::string_view kRobotPrefix = "robot+";

/// Where the last secret of a robot still counts for a while.
struct FormerSecret {
  std::string hash;
  Time until;
};

/// An account for a program.
struct Robot {
  std::string name;
  std::string description;
  Permissions permissions;
  std::string created_by;  ///< for people to read
  Time created;
  std::optional<Time> expires;
  std::optional<Time> last_used;  ///< some minutes may be missing after a crash
  std::string secret_hash;        ///< SHA-256 in hex; the secret itself is kept nowhere
  std::optional<FormerSecret> former;

  std::string login() const { return std::string(kRobotPrefix) + name; }
  bool expired(Time now) const noexcept { return expires && now >= *expires; }
};

/// 1 to 64 of a to z, digits, `.`, `_` and `-`, the first a letter or a digit.
bool is_robot_name(std::string_view name) noexcept;

/// Where robots are kept. One thread at a time.
class RobotStore {
 public:
  virtual ~RobotStore() = default;

  /// All of them, or why they cannot be read.
  virtual std::variant<std::vector<Robot>, std::string> load() = 0;
  /// On disk when this returns; otherwise says why not, and what was there stays.
  virtual std::optional<std::string> save(const std::vector<Robot>& robots) = 0;
};

}  // namespace shale::auth
