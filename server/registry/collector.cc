#include "server/registry/collector.h"

#include <cstddef>
#include <cstdint>
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
        std::uint64_t failed = 0;  // what fails every time is told once
        while (!stop.stop_requested()) {
          const auto done = registry.collect(CollectWhat::kDue, kRound);
          const bool news =
              !done || done->links + done->blobs + done->manifests > 0 || done->failed != failed;
          if (done) failed = done->failed;
          if (report && news) report(done);
          if (!done || !done->more) wait_between(stop, interval);
        }
      }) {}

}  // namespace shale::registry
