#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>

#include "server/registry/registry.h"

namespace shale::registry {

/// Expires the uploads of a registry at once and then every `interval`, on a
/// thread of its own, until it is destroyed; that waits for a sweep that runs.
class Sweeper {
 public:
  /// `registry` must outlive this. `report`, which may be empty, gets the outcome
  /// of each sweep, on the sweeper's thread.
  Sweeper(Registry& registry, std::chrono::milliseconds interval,
          std::function<void(const Result<std::size_t>&)> report);

 private:
  std::jthread thread_;
};

}  // namespace shale::registry
