#include "server/api/unproved_lines.h"

#include <utility>

namespace shale::api {

bool UnprovedLines::take(std::string_view party, About about) {
  const auto window = window_.lock();
  std::string key(party);
  // The place of the others is beyond the bound.
  if (window->parties.size() >= options_.parties && !window->parties.contains(key)) key.clear();
  Party& counts = window->parties[std::move(key)];
  if (counts.written < options_.of_one && window->written < options_.of_all) {
    ++counts.written;
    ++window->written;
    return true;
  }
  ++counts.suppressed.at(static_cast<std::size_t>(about));
  return false;
}

std::vector<UnprovedLines::Suppressed> UnprovedLines::begin_window() {
  const Window ended = std::exchange(*window_.lock(), {});
  std::vector<Suppressed> suppressed;
  for (const auto& [party, counts] : ended.parties) {
    for (std::size_t i = 0; i < kAbouts; ++i) {
      if (counts.suppressed.at(i) == 0) continue;
      suppressed.push_back({party, static_cast<About>(i), counts.suppressed.at(i)});
    }
  }
  return suppressed;
}

}  // namespace shale::api
