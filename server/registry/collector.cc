#include "server/registry/collector.h"

#include <cstddef>
#include <stop_token>
#include <utility>

#include "server/registry/periodic.h"

namespace shale::registry {
namespace {

/// Steps between two looks at whether to stop.
constexpr std::size_t kRound = 1024;

}  // namespace

Collector::Collector(Registry& registry, std::chrono::milliseconds interval,
                     std::function<void(const Result<CollectReport>&)> report)
    : thread_([&registry, interval, report = std::move(report)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto done = registry.collect(CollectWhat::kDue, kRound);
          if (report && (!done || done->links + done->blobs > 0)) report(done);
          if (!done || !done->more) wait_between(stop, interval);
        }
      }) {}

}  // namespace shale::registry
