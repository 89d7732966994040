#include "tests/crash/power_commits.h"

#include <algorithm>
#include <stdexcept>

#include "server/index/memory_metadata_store.h"

namespace shale::testing::power {

std::vector<Commit> NotedStore::commits() const {
  std::vector<Commit> commits = *commits_.lock();
  std::ranges::sort(commits, {}, &Commit::number);
  return commits;
}

std::vector<std::string> states_after(const std::vector<Commit>& commits, const Clock& clock,
                                      const Universe& universe) {
  index::MemoryMetadataStore model(clock, std::chrono::minutes(10), rules());
  std::vector<std::string> states{shown(model, universe)};
  for (const Commit& commit : commits) {
    const auto number = commit.repeat(model);
    if (!number || *number != states.size() || commit.number != *number) {
      throw std::logic_error("commit " + std::to_string(commit.number) +
                             " is not what the model makes of it");
    }
    states.push_back(shown(model, universe));
  }
  return states;
}

}  // namespace shale::testing::power
