#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/repository_pattern.h"

namespace shale::auth {

enum class Action : std::uint8_t {
  kPull,
  kPush,       ///< blobs, manifests, and tags that are new
  kOverwrite,  ///< move a tag that exists; needs `kPush` as well
  kDelete,
  kAdmin,
};
inline constexpr std::size_t kActions = 5;

std::string_view action_name(Action action) noexcept;
std::optional<Action> parse_action(std::string_view name) noexcept;

/// What may be done where.
struct Permission {
  std::set<Action> actions;
  std::vector<RepositoryPattern> repositories;

  bool covers(std::string_view repository, Action action) const;
  bool operator==(const Permission&) const = default;
};
using Permissions = std::vector<Permission>;

/// Such as `pull,push team-a/**,tools/*; pull shared/**`.
std::string describe(const Permissions& permissions);

bool permits(const Permissions& permissions, std::string_view repository, Action action);

}  // namespace shale::auth
