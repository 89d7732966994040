#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/permission.h"

namespace shale::auth {

/// Wall-clock time. Passed in by whoever knows it, so that tests can set it.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Who asks. A plain value, made by whoever has proof of it.
struct Identity {
  enum class Kind : std::uint8_t {
    kAnonymous,
    kUser,
    kRobot,
    kOperator,  ///< came through the control socket
  };

  Kind kind = Kind::kAnonymous;
  std::string name;                 ///< empty for `kAnonymous`; without `robot+`
  std::vector<std::string> groups;  ///< as its source tells; the policy knows more
  /// Changes with the password; tells nothing of it.
  std::string stamp = {};  // NOLINT(readability-redundant-member-init): may be left out
  /// Its own; null: what the policy says is all.
  std::shared_ptr<const Permissions> permissions = nullptr;
  /// From when it counts no more.
  std::optional<Time> expires = std::nullopt;

  bool anonymous() const noexcept { return kind == Kind::kAnonymous; }
  bool operator==(const Identity&) const = default;
};

std::string_view kind_name(Identity::Kind kind) noexcept;

/// Shared by all requests of one login, never changed.
using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace shale::auth
