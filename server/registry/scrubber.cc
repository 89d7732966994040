#include "server/registry/scrubber.h"

#include <optional>
#include <stop_token>
#include <utility>

#include "server/registry/periodic.h"

namespace shale::registry {

Scrubber::Scrubber(Registry& registry, const Clock& clock, const Schedule& schedule,
                   std::function<void(const ScrubDesk::Status&)> report)
    : rate_(schedule.rate),
      thread_([this, &registry, &clock, schedule,
               report = std::move(report)](const std::stop_token& stop) {
        Time due = clock.now() + schedule.first;
        while (!stop.stop_requested()) {
          std::optional<std::uint64_t> rate = registry.scrub_desk().take();
          const std::uint64_t own = rate_;
          if (!rate && own > 0 && clock.now() >= due) rate = own;
          if (!rate) {
            wait_between(stop, schedule.look);
            continue;
          }
          // How it ended is told with all the rest.
          static_cast<void>(registry.scrub_desk().run(*rate, stop));
          due = clock.now() + schedule.between;
          if (report) report(registry.scrub_desk().status());
        }
      }) {}

}  // namespace shale::registry
