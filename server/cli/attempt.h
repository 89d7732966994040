#pragma once

#include <functional>
#include <string_view>

#include "server/log/logger.h"

namespace shale::cli {

/// Does `work`. Whatever it throws ends here and is logged as the cause of `failure`: for
/// threads that look after several things, so that one that fails leaves the others alone.
void attempt(log::Logger& logger, std::string_view failure,
             const std::function<void()>& work) noexcept;

}  // namespace shale::cli
