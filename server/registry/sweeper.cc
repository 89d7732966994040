#include "server/registry/sweeper.h"

#include <stop_token>
#include <utility>

#include "server/registry/periodic.h"

namespace shale::registry {
Sweeper::Sweeper(Registry& registry, std::chrono::milliseconds interval,
                 std::function<void(const Result<std::size_t>&)> report)
    : thread_([&registry, interval, report = std::move(report)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto dropped = registry.expire_uploads();
          if (report) report(dropped);
          wait_between(stop, interval);
        }
      }) {}

}  // namespace shale::registry
