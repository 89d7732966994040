#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

namespace shale::config {

/// Whether a change of the setting counts without a restart. `quotas` and `rules` are settings
/// here as well.
bool is_live(std::string_view key);

/// What one configuration has otherwise than another.
struct Difference {
  std::vector<std::string> live;     ///< keys
  std::vector<std::string> restart;  ///< likewise, of those that are not live
};
Difference difference(const Config& before, const Config& after);

/// `before` with all that is live from `after`.
Config with_live(Config before, const Config& after);

}  // namespace shale::config
