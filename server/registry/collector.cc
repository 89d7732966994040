#include "server/registry/collector.h"

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "server/registry/periodic.h"

namespace shale::registry {
namespace {

/// Steps between two rests: one sync for them all.
constexpr std::size_t kRound = 256;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begun);
}

}  // namespace

Collector::Collector(Registry& registry, std::chrono::milliseconds interval,
                     std::function<void(const Result<CollectReport>&)> report)
    : thread_([&registry, interval, report = std::move(report)](const std::stop_token& stop) {
        std::uint64_t failed = 0;  // what fails every time is told once
        while (!stop.stop_requested()) {
          const auto begun = std::chrono::steady_clock::now();
          const auto done = registry.collect(CollectWhat::kDue, kRound);
          const bool news =
              !done || done->links + done->blobs + done->manifests > 0 || done->failed != failed;
          if (done) failed = done->failed;
          if (report && news) report(done);
          // After work it rests as long, for those whose pushes wait for the same disk and cores.
          wait_between(stop, done && done->more ? since(begun) : interval);
        }
      }) {}

}  // namespace shale::registry
