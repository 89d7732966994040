#include "auth/permission.h"

#include <algorithm>
#include <array>

namespace shale::auth {
namespace {

constexpr std::array<std::string_view, kActions> kNames = {"pull", "push", "overwrite", "delete",
                                                           "admin"};

}  // namespace

std::string_view action_name(Action action) noexcept {
  return kNames[static_cast<std::size_t>(action)];
}

std::optional<Action> parse_action(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Action>(i);
  }
  return std::nullopt;
}

bool Permission::covers(std::string_view repository, Action action) const {
  return actions.contains(action) &&
         std::ranges::any_of(repositories, [&](const RepositoryPattern& pattern) {
           return pattern.matches(repository);
         });
}

std::string describe(const Permissions& permissions) {
  std::string all;
  for (const Permission& permission : permissions) {
    if (!all.empty()) all += "; ";
    std::string_view between;
    for (const Action action : permission.actions) {
      (all += between) += action_name(action);
      between = ",";
    }
    between = " ";
    for (const RepositoryPattern& pattern : permission.repositories) {
      (all += between) += pattern.str();
      between = ",";
    }
  }
  return all;
}

bool permits(const Permissions& permissions, std::string_view repository, Action action) {
  return std::ranges::any_of(permissions,
                             [&](const Permission& one) { return one.covers(repository, action); });
}

}  // namespace shale::auth
