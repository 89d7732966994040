#include "auth/decoys.h"

#include <algorithm>

namespace shale::auth {
namespace {

/// A bcrypt hash that no password is known for: its last part is not a hash of anything.
const std::string& hash_of_nobody() {
  static const std::string hash = "$2y$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK";
  return hash;
}

}  // namespace

Decoys::Decoys(const Htpasswd& users, const KeyedHash& key) : key_(key) {
  circle_.reserve(users.users.size());
  for (const auto& [name, hash] : users.users)
    circle_.emplace_back(key.of({"user", name}), hash);
  std::ranges::sort(circle_);
}

const std::string& Decoys::of(std::string_view name) const {
  if (circle_.empty()) return hash_of_nobody();
  const auto place = key_.of({"nobody", name});
  const auto next = std::ranges::upper_bound(
      circle_, place, {}, [](const auto& entry) -> auto& { return entry.first; });
  return next == circle_.end() ? circle_.front().second : next->second;
}

}  // namespace shale::auth
