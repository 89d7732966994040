#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "server/log/logger.h"

namespace shale::log {

struct RotationOptions {
  std::string path;
  std::uint64_t most_bytes = std::uint64_t{64} << 20;  ///< of one file
  unsigned keep = 5;                                   ///< older files, `path.1` the newest
  /// Told once when writing begins to fail, and once when it works again.
  std::function<void(std::string_view what)> report;
  /// Told of each write that failed, with the lines in it.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  std::function<void()> lost = {};
};

/// Appends to a file, for its owner's eyes alone, and begins another one when it is
/// full. One that somebody else moved away is begun anew. What cannot be written is
/// lost and reported.
Sink rotating_file_sink(RotationOptions options);

}  // namespace shale::log
