#pragma once

#include <string_view>

#include "server/api/call.h"
#include "server/http/application.h"
#include "server/log/logger.h"

namespace shale::api {

/// One line for each request that the settings want one for, and for each that failed or was
/// slow. `user` is who asked, if anybody has proved it.
void log_request(log::Logger& logger, const Settings& settings, const http::Exchange& exchange,
                 std::string_view user);

}  // namespace shale::api
