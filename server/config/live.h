#pragma once

#include <string>
#include <vector>

#include "server/config/config.h"

namespace shale::config {

/// What one configuration has otherwise than another.
struct Difference {
  std::vector<std::string> live;     ///< keys of settings that count at once, `quotas`, `rules`
  std::vector<std::string> restart;  ///< keys of those that need a restart
};
Difference difference(const Config& before, const Config& after);

/// `before` with all that is live from `after`.
Config with_live(Config before, const Config& after);

}  // namespace shale::config
