#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

#include "server/config/assignment.h"

namespace shale::config {

namespace {

/// How many characters have to be put in, taken out or changed (Levenshtein).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const Setting* nearest_setting(std::string_view key) {
  constexpr std::size_t kLongest = 64;  // longer ones are no typing errors
  if (key.size() > kLongest) return nullptr;
  const auto all = settings();

  // The right name in the wrong section, or in none.
  const std::string_view name = key.substr(key.rfind('.') + 1);
  if (const auto found = std::ranges::find(all, name, &Setting::name); found != all.end()) {
    return &*found;
  }

  const auto distance = [&](const Setting& setting) { return edit_distance(key, setting.key); };
  const auto nearest = std::ranges::min_element(all, {}, distance);
  constexpr std::size_t kNear = 3;
  return distance(*nearest) <= kNear ? &*nearest : nullptr;
}

}  // namespace shale::config
