#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shale::config {

/// The most that the repositories of a namespace may hold together: at least one of
/// the two limits is there.
struct Quota {
  std::string name_space;  ///< `team-a`: team-a itself and team-a/...
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named everywhere.
  std::optional<std::uint64_t> bytes = {};
  std::optional<std::uint64_t> tags = {};
  // NOLINTEND(readability-redundant-member-init)

  bool operator==(const Quota&) const = default;
};

}  // namespace shale::config
