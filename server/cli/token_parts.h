#pragma once

#include "auth/token_service.h"
#include "blobstore/clock.h"
#include "server/config/config.h"
#include "server/log/logger.h"

namespace shale::cli {

auth::TokenService::Options token_options(const config::Config& config);

/// What the tokens of the configuration need. Throws, with the words meant for whoever
/// starts Shale, when something of it cannot be read. Borrows the logger.
auth::TokenService::Parts token_parts(const config::Config& config, const Clock& clock,
                                      log::Logger& logger);

}  // namespace shale::cli
