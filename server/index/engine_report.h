#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shale::index {

/// How the engine below a store is doing; sizes in bytes, counts since the start. A store
/// without an engine reports nothing.
struct EngineReport {
  /// Why no commit is taken any more, until the store is opened anew; none: they are.
  std::optional<std::string> failure;
  bool stopped = false;  ///< writers wait until compaction has caught up
  double stalled_seconds = 0;
  std::uint64_t running_compactions = 0;
  std::uint64_t pending_compaction = 0;
  std::uint64_t compaction_read = 0;
  std::uint64_t compaction_written = 0;
  std::uint64_t in_memory = 0;  ///< rows that are not yet in sorted files
  std::uint64_t block_cache_hits = 0;
  std::uint64_t block_cache_misses = 0;
  std::uint64_t row_cache_hits = 0;
  std::uint64_t row_cache_misses = 0;

  struct Level {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Level> levels;  ///< of all families together
};

}  // namespace shale::index
