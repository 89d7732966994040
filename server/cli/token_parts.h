#pragma once

#include <memory>

#include "auth/key_ring.h"
#include "auth/token_service.h"
#include "blobstore/clock.h"
#include "server/config/config.h"
#include "server/log/logger.h"

namespace shale::cli {

auth::TokenService::Options token_options(const config::Config& config);

/// What the tokens of the configuration need. Throws, with the words meant for whoever
/// starts Shale, what of it cannot be read. Borrows the logger.
std::shared_ptr<auth::KeyRing> token_keys(const config::Config& config, const Clock& clock,
                                          log::Logger& logger);

}  // namespace shale::cli
