#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shale::auth {

/// Wall-clock time. Passed in by whoever knows it, so that tests can set it.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Who asks. A plain value, made by an authenticator that has proof of it.
struct Identity {
  enum class Kind : std::uint8_t { kAnonymous, kUser, kRobot };

  Kind kind = Kind::kAnonymous;
  std::string name;                 ///< empty for `kAnonymous`
  std::vector<std::string> groups;  ///< as its source tells; the policy knows more
  /// Changes with the password; tells nothing of it.
  std::string stamp = {};  // NOLINT(readability-redundant-member-init): may be left out

  bool anonymous() const noexcept { return kind == Kind::kAnonymous; }
  bool operator==(const Identity&) const = default;
};

/// Shared by all requests of one login, never changed.
using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace shale::auth
