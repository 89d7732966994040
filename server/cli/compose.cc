#include "server/cli/compose.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/un.h>

#include "server/cli/certificates.h"
#include "server/cli/control.h"
#include "server/http/ip_network.h"
#include "server/index/quota_check.h"

namespace shale::cli {
namespace {

std::size_t pool_threads(const config::Config& config) {
  constexpr std::size_t kChosen = 16;
  return config.server.pool_threads > 0 ? config.server.pool_threads : kChosen;
}

log::Format log_format(config::LogFormat format, bool on_terminal) {
  switch (format) {
    case config::LogFormat::kJson:
      return log::Format::kJson;
    case config::LogFormat::kText:
      return log::Format::kText;
    case config::LogFormat::kAuto:
      break;
  }
  return on_terminal ? log::Format::kText : log::Format::kJson;
}

log::Level level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kDebug:
      return log::Level::kDebug;
    case config::LogLevel::kInfo:
      return log::Level::kInfo;
    case config::LogLevel::kWarn:
      return log::Level::kWarn;
    case config::LogLevel::kError:
      break;
  }
  return log::Level::kError;
}

/// Where it was not asked for, a data directory that lies too deep is no reason not to
/// serve.
std::string usable_control_path(const config::Config& config, log::Logger& logger) {
  std::string path = control_path(config);
  if (!config.server.control.empty() || path.size() < sizeof(::sockaddr_un{}.sun_path)) return path;
  logger.warn(
      "there is no control socket, so commands cannot reach this server: name a file with a "
      "shorter path in server.control",
      {{"path", path}});
  return {};
}

std::vector<index::Quota> quotas_of(const config::Config& config) {
  std::vector<index::Quota> quotas;
  quotas.reserve(config.quotas.size());
  for (const config::Quota& quota : config.quotas)
    quotas.push_back({quota.name_space, quota.bytes, quota.tags});
  return quotas;
}

}  // namespace

api::Front front(const config::Config& config) {
  http::TrustedProxies trusted;
  for (const config::Network& network : config.server.trusted_proxies) {
    if (auto parsed = http::IpNetwork::parse(network.str())) trusted.networks.push_back(*parsed);
  }
  return {.external_url = config.server.external_url, .trusted_proxies = std::move(trusted)};
}

log::Level log_level(const config::Config& config) {
  return level_of(config.log.level);
}

log::Options log_options(const config::Config& config, bool on_terminal) {
  return {.format = log_format(config.log.format, on_terminal), .level = log_level(config)};
}

index::StorePolicy store_policy(const config::Config& config,
                                std::shared_ptr<const registry::Rules> rules) {
  index::StorePolicy policy = registry::store_policy(std::move(rules));
  if (auto quotas = quotas_of(config); !quotas.empty()) {
    policy.quotas = [quotas = std::move(quotas)](const index::RepositoryName& repository) {
      return index::covering(quotas, repository);
    };
  }
  return policy;
}

index::RocksOptions metadata_options(const config::Config& config, index::StorePolicy policy,
                                     const Clock& clock, log::Logger& logger) {
  return {.path = std::filesystem::path(config.storage.data_dir) / "metadata",
          .clock = clock,
          .lease = config.storage.lease,
          .policy = std::move(policy),
          .durability = config.storage.durability == config::Durability::kSynced
                            ? index::Durability::kSynced
                            : index::Durability::kRelaxed,
          .block_cache_bytes = config.storage.block_cache,
          .warn = [&logger](std::string_view warning) {
            logger.warn("the metadata store warns", {{"cause", warning}});
          }};
}

registry::Options registry_options(const config::Config& config,
                                   std::shared_ptr<const registry::Rules> rules) {
  return {.allow_sparse = config.registry.allow_sparse,
          .deletes = {.tags = config.registry.delete_tags,
                      .manifests = config.registry.delete_manifests,
                      .blobs = config.registry.delete_blobs,
                      .uploads = config.registry.delete_uploads},
          .manifest_bytes = config.limits.manifest_bytes,
          .tags_per_push = config.limits.tags_per_push,
          .upload_expiry =
              std::chrono::duration_cast<std::chrono::seconds>(config.timeouts.upload_expiry),
          .lease = config.storage.lease,
          .quotas = quotas_of(config),
          .rules = std::move(rules)};
}

api::Settings api_settings(const config::Config& config) {
  return {.front = front(config),
          .absolute_locations = config.server.absolute_locations,
          .page_size = config.limits.page_size,
          .catalog_default = config.limits.catalog_default,
          .manifest_bytes = config.limits.manifest_bytes,
          .access_log = config.log.access,
          .slow = config.log.slow};
}

api::Guard::Settings guard_settings(const config::Config& config, const api::Audit* audit) {
  const auto challenge = [&] {
    switch (config.auth.challenge) {
      case config::AuthChallenge::kAuto:
        return api::Guard::Challenge::kAuto;
      case config::AuthChallenge::kBasic:
        return api::Guard::Challenge::kBasic;
      case config::AuthChallenge::kBearer:
        break;
    }
    return api::Guard::Challenge::kBearer;
  };
  const config::Config::External& external = config.auth.external;
  std::optional<api::Guard::Settings::External> elsewhere;
  if (external.configured()) {
    // Without a policy, such a token says all there is to say.
    auto policy =
        config.auth.policy.empty()
            ? std::make_shared<const auth::AccessPolicy>(auth::AccessPolicy::for_everybody())
            : nullptr;
    elsewhere = {.realm = external.realm, .service = external.service, .policy = std::move(policy)};
  }
  return {.realm = config.auth.realm,
          .challenge = challenge(),
          .audit = audit,
          .external = std::move(elsewhere),
          .issues_tokens = !external.configured() || config.auth.has_passwords()};
}

api::Guard::MetricsReaders metrics_readers(const config::Config& config) {
  using Who = api::Guard::MetricsReaders::Who;
  const auto who = [&] {
    switch (config.metrics.access) {
      case config::MetricsAccess::kAdmin:
        return Who::kAdmins;
      case config::MetricsAccess::kLogin:
        return Who::kLoggedIn;
      case config::MetricsAccess::kEverybody:
        break;
    }
    return Who::kEverybody;
  };
  return {.who = who(), .named = config.metrics.readers};
}

auth::PasswordLogin::Options login_options(const config::Config& config) {
  return {.remembered = {},
          .throttle = {},
          .gate = auth::LoginGate::Options().for_pool(pool_threads(config))};
}

net::Options net_limits(const config::Config& config) {
  net::Options options;
  options.connections = config.limits.connections;
  options.connections_per_address = config.limits.connections_per_address;
  options.timeouts = {.handshake = config.timeouts.handshake,
                      .head = config.timeouts.head,
                      .body = config.timeouts.body_progress,
                      .write = config.timeouts.write_progress,
                      .idle = config.timeouts.idle};
  options.head = {.bytes = config.limits.head_bytes,
                  .target_bytes = config.limits.target_bytes,
                  .fields = config.limits.header_fields};
  return options;
}

net::Options net_options(const config::Config& config, log::Logger& logger, int descriptors) {
  net::Options options = net_limits(config);
  options.listen.clear();
  for (const config::ListenAddress& address : config.server.listen) {
    options.listen.push_back(address.str());
  }
  for (const config::ListenAddress& address : config.metrics.listen) {
    options.metrics.push_back(address.str());
  }
  options.control = usable_control_path(config, logger);
  options.workers = config.server.workers;
  options.pool_threads = pool_threads(config);
  options.pool_queue = config.server.pool_queue;
  options.body_memory = config.limits.body_memory;
  options.descriptors = descriptors;
  options.certificates = certificate_files(config);
  options.warn = [&logger](std::string_view what, std::string_view cause) {
    logger.warn(what, {{"cause", cause}});
  };
  options.note = [&logger](std::string_view what, std::string_view cause) {
    logger.info(what, {{"cause", cause}});
  };
  options.trace = [&logger](std::string_view what, std::string_view cause) {
    logger.debug(what, {{"cause", cause}});
  };
  return options;
}

}  // namespace shale::cli
