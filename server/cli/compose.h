#pragma once

#include <memory>

#include "auth/password_login.h"
#include "blobstore/clock.h"
#include "server/api/call.h"
#include "server/api/front.h"
#include "server/api/guard.h"
#include "server/config/config.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/log/logger.h"
#include "server/net/options.h"
#include "server/registry/registry.h"

namespace shale::cli {

// What the configuration means to each room.

log::Level log_level(const config::Config& config);
log::Options log_options(const config::Config& config, bool on_terminal);
/// `clock` and `logger` must outlive the store.
index::RocksOptions metadata_options(const config::Config& config, index::StorePolicy policy,
                                     const Clock& clock, log::Logger& logger);
/// What the configuration says of each repository.
index::StorePolicy store_policy(const config::Config& config,
                                std::shared_ptr<const registry::Rules> rules);
registry::Options registry_options(const config::Config& config,
                                   std::shared_ptr<const registry::Rules> rules);
api::Settings api_settings(const config::Config& config);
/// `audit` as in those.
api::Guard::Settings guard_settings(const config::Config& config, const api::Audit* audit);
api::Guard::MetricsReaders metrics_readers(const config::Config& config);
api::Front front(const config::Config& config);
/// Logins wait in the pool of `net_options`, so its size bounds them.
auth::PasswordLogin::Options login_options(const config::Config& config);
/// Of those below, what `net::Server::adjust` takes.
net::Options net_limits(const config::Config& config);
/// `logger` must outlive the server that takes these.
/// `descriptors` as in `net::Options`.
net::Options net_options(const config::Config& config, log::Logger& logger, int descriptors);

}  // namespace shale::cli
