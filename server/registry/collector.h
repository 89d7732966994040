#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "server/registry/registry.h"

namespace shale::registry {

/// Collects what is due, every `interval`, on a thread of its own, until it is destroyed;
/// that waits for the batch in hand. While there is more it goes on, half of the time.
class Collector {
 public:
  /// `registry` must outlive this. `report`, which may be empty, gets the outcome of each
  /// round that found something or failed, on the collector's thread.
  Collector(Registry& registry, std::chrono::milliseconds interval,
            std::function<void(const Result<CollectReport>&)> report);

 private:
  std::jthread thread_;
};

}  // namespace shale::registry
