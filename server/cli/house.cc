#include "server/cli/house.h"

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/cli/compose.h"

namespace shale::cli {
namespace {

constexpr std::chrono::minutes kSweepInterval{5};
constexpr std::chrono::seconds kCollectInterval{1};
constexpr std::chrono::minutes kRetainInterval{1};

/// The value, or an exception with the words meant for whoever starts Shale.
template <class T>
T started(Result<T> result, const std::string& what) {
  if (result) return *std::move(result);
  std::string why = result.error().message;
  for (const std::string& detail : result.error().details)
    why += "\n  " + detail;
  throw std::runtime_error(what + ": " + why);
}

Result<std::unique_ptr<index::MetadataStore>> open_metadata(const Ground& ground,
                                                            index::RocksOptions options) {
  if (ground.open_metadata) return ground.open_metadata(std::move(options));
  SHALE_TRY_ASSIGN(auto opened, index::RocksMetadataStore::open(std::move(options)));
  return {std::move(opened)};
}

index::RocksOptions measured(index::RocksOptions options, const Instruments& instruments) {
  options.synced = instruments.log_syncs();
  return options;
}

net::Options measured(net::Options options, const Instruments& instruments) {
  options.waited = instruments.pool_waits();
  return options;
}

void report_sweep(log::Logger& logger, const Result<std::size_t>& swept) {
  if (!swept) logger.error("sweeping uploads failed", {{"cause", swept.error().message}});
  if (swept && *swept > 0) logger.info("dropped idle uploads", {{"uploads", *swept}});
}

void report_collection(log::Logger& logger, const Result<registry::CollectReport>& collected) {
  if (!collected) {
    logger.error("collection failed", {{"cause", collected.error().message}});
    return;
  }
  const registry::CollectReport& report = *collected;
  if (report.failed > 0 && report.failure) {
    logger.error("files could not be removed, and are tried again",
                 {{"files", report.failed}, {"cause", report.failure->message}});
  }
  logger.info("collected", {{"links", report.links},
                            {"manifests", report.manifests},
                            {"blobs", report.blobs},
                            {"bytes", report.bytes}});
}

void report_retention(log::Logger& logger, const std::string& where,
                      const Result<std::size_t>& removed) {
  if (!removed) {
    logger.error("retention failed", {{"at", where}, {"cause", removed.error().message}});
    return;
  }
  logger.info("retention removed manifests", {{"repository", where}, {"manifests", *removed}});
}

void report_scrub(log::Logger& logger, const registry::ScrubDesk::Status& status) {
  const registry::ScrubReport& report = status.report;
  for (const std::string& words : report.words)
    logger.error("the scrub found damage", {{"what", words}});
  const bool well = report.all_is_well() && status.failure.empty();
  std::vector<log::Field> fields = {{"blobs", report.blobs},
                                    {"bytes", report.bytes},
                                    {"set_aside", status.set_aside},
                                    {"orphans_removed", report.removed}};
  if (!status.failure.empty()) fields.emplace_back("cause", std::string_view(status.failure));
  logger.log(well ? log::Level::kInfo : log::Level::kError, "scrubbed", fields);
}

std::unique_ptr<Gatehouse> make_gatehouse(const config::Config& config, const Clock& clock,
                                          log::Logger& logger, api::RequestMetrics& requests) {
  if (!config.auth.configured()) return nullptr;
  return std::make_unique<Gatehouse>(
      config, clock, logger, [&requests](std::string_view source, std::string_view outcome) {
        requests.login(source, outcome);
      });
}

}  // namespace

House::House(const Serving& serving, const Ground& ground, log::Logger& logger, int descriptors,
             const std::shared_ptr<const registry::Rules>& rules)
    : data_dir(serving.config.storage.data_dir),
      instruments(metrics),
      policy(std::make_shared<Current<index::StorePolicy>>(store_policy(serving.config, rules))),
      files(file::posix_file_system_below(descriptors, instruments.file_syncs())),
      metadata(started(
          open_metadata(ground, measured(metadata_options(serving.config, index::following(policy),
                                                          clock, logger),
                                         instruments)),
          "cannot open the metadata in " + data_dir.string())),
      blobs(started(
          FileBlobStore::open({.root = data_dir,
                               .reserve = serving.config.storage.reserve,
                               .files = ground.files != nullptr ? ground.files : files.get()}),
          "cannot open the blobs in " + data_dir.string())),
      registry(*blobs, *metadata, clock, registry_options(serving.config, rules)),
      sweeper(registry, kSweepInterval,
              [&logger](const auto& swept) { report_sweep(logger, swept); }),
      collector(registry, kCollectInterval,
                [&logger](const auto& collected) { report_collection(logger, collected); }),
      retainer(registry, clock, kRetainInterval,
               [&logger](const std::string& where, const auto& removed) {
                 report_retention(logger, where, removed);
               }),
      scrubber(registry, clock, {.rate = serving.config.storage.scrub_rate},
               [&logger](const auto& status) { report_scrub(logger, status); }),
      requests(metrics, serving.config.metrics.repositories),
      gatehouse(make_gatehouse(serving.config, clock, logger, requests)),
      operating(*this, serving, logger),
      api(registry, logger, api_settings(serving.config),
          {.guard = gatehouse ? &gatehouse->guard() : nullptr,
           .operations = &operating,
           .metrics = &requests}),
      server(api, measured(net_options(serving.config, logger, descriptors), instruments)) {
  instruments.observe({.registry = registry,
                       .metadata = *metadata,
                       .blobs = *blobs,
                       .server = server,
                       .logger = logger,
                       .audit = gatehouse ? gatehouse->audit_lines() : nullptr,
                       .clock = clock});
  operating.begin();
}

}  // namespace shale::cli
