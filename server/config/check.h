#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.h"

namespace shale::config {

/// A contradiction between settings, or one that the values alone do not show.
struct Conflict {
  std::vector<std::string_view> keys;  ///< the settings concerned; the first is the one to blame
  std::string what;                    ///< what is wrong and what to do
};

/// What cannot work together in a configuration whose values are each fine.
std::vector<Conflict> conflicts(const Config& config);

}  // namespace shale::config
