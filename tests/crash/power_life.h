#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/crash/power_commits.h"
#include "tests/crash/power_state.h"
#include "tests/support/fake_clock.h"

namespace shale::testing::power {

/// What is done with a registry from its start to its orderly end.
struct Plan {
  std::uint64_t seed = 0;
  int clients = 1;  ///< at the same time
  int steps = 10;   ///< of each
  /// Small enough, it makes RocksDB write sorted files all the time.
  std::size_t write_buffer_bytes = std::size_t{8} << 20;
  /// Of the sizes in a universe, some lie on either side.
  std::size_t small_blob_bytes = 2000;
  /// Relaxed, no commit is promised to survive, and none may do so by half.
  index::Durability durability = index::Durability::kSynced;
  Journal::Ignored ignored = {};  ///< syncs that do not happen
};

/// Everything that is known of a registry.
struct Life {
  explicit Life(std::uint64_t seed) : universe(seed) {}

  Universe universe;
  Record record;
  Position began = 0;  ///< before it, the record tells of what was there at the start
  Position made = 0;   ///< from it on, the stores were open
  Position done = 0;   ///< from it on, they were being closed
  std::vector<Commit> commits;
  std::vector<std::string> states;  ///< after as many commits
  std::uint64_t shared_syncs = 0;   ///< commits that led no sync of their own

  /// As it went on after a start that found `disk`. With `Fate::kEverything` the
  /// process was killed at `cut` and the machine runs on, so that nothing became
  /// certain by that; else the power came back, and what is there is certain.
  void live(const Plan& plan, const Disk& disk, Position cut, Fate fate);
  /// From an empty disk on.
  void live(const Plan& plan) { live(plan, {}, 0, Fate::kNothing); }
};

/// Where the data is below the directory that the record is of.
std::filesystem::path data_below(const std::filesystem::path& base);
index::RocksOptions metadata_options(const std::filesystem::path& base, const Clock& clock);

/// A file system in memory, where there is one.
std::filesystem::path fast_directory();

}  // namespace shale::testing::power
