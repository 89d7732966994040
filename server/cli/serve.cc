#include "server/cli/serve.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <malloc.h>

#include "blobstore/file/file_blob_store.h"
#include "blobstore/file/file_system.h"
#include "server/api/api.h"
#include "server/cli/compose.h"
#include "server/cli/exposure.h"
#include "server/cli/gatehouse.h"
#include "server/cli/rules.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/net/server.h"
#include "server/registry/collector.h"
#include "server/registry/retainer.h"
#include "server/registry/scrubber.h"
#include "server/registry/sweeper.h"

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

/// For the metadata, whose log must never meet a table that is full: a commit that
/// fails there ends all writing. More than `RocksMetadataStore` ever has open.
constexpr ::rlim_t kSetAside = 384;
/// Fewer would serve nobody.
constexpr ::rlim_t kFewest = 64;

/// Raises the limit as far as we may, and returns below which number descriptors are
/// for connections, uploads and downloads, which take one each.
int share_descriptors() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
  limit.rlim_cur = std::min<::rlim_t>(limit.rlim_max, std::numeric_limits<int>::max());
  ::setrlimit(RLIMIT_NOFILE, &limit);
  // What is in force, should that have been refused.
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
  if (limit.rlim_cur < kSetAside + kFewest) {
    throw std::runtime_error("this process may open " + std::to_string(limit.rlim_cur) +
                             " files, and needs " + std::to_string(kSetAside + kFewest) +
                             " at least: raise the limit (ulimit -n, or LimitNOFILE of systemd)");
  }
  return static_cast<int>(limit.rlim_cur - kSetAside);
}

/// Makes the heap give back what a burst took. Large blocks are mapped one by one
/// (left alone, glibc raises the threshold to the largest it saw freed), and few
/// arenas keep what is free from being scattered over one for each thread. To be
/// called while there is one thread only.
void bound_heap() {
  // NOLINTBEGIN(concurrency-mt-unsafe)
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  ::mallopt(M_ARENA_MAX, 2);
  // NOLINTEND(concurrency-mt-unsafe)
}

/// Blocks the signals that the program answers to, in this thread and in all that
/// it starts from here on, and waits for one of them.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
      ::sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a known signal cannot fail
  }

  int wait() const {
    int signal = 0;
    while (::sigwait(&signals_, &signal) != 0) {
    }
    return signal;
  }

 private:
  ::sigset_t signals_{};
};

Result<std::unique_ptr<index::MetadataStore>> open_metadata(const Ground& ground,
                                                            index::RocksOptions options) {
  if (ground.open_metadata) return ground.open_metadata(std::move(options));
  SHALE_TRY_ASSIGN(auto opened, index::RocksMetadataStore::open(std::move(options)));
  return {std::move(opened)};
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

/// Everything that lives as long as the program serves, in the order in which
/// one needs the other.
struct House {
  House(const config::Config& config, const Ground& ground, log::Logger& logger, int descriptors)
      : data_dir(config.storage.data_dir),
        rules(make_rules(config)),
        files(file::posix_file_system_below(descriptors)),
        metadata(started(open_metadata(ground, metadata_options(config, rules, clock, logger)),
                         "cannot open the metadata in " + config.storage.data_dir)),
        blobs(started(
            FileBlobStore::open({.root = data_dir,
                                 .reserve = config.storage.reserve,
                                 .files = ground.files != nullptr ? ground.files : files.get()}),
            "cannot open the blobs in " + config.storage.data_dir)),
        registry(*blobs, *metadata, clock, registry_options(config, rules)),
        sweeper(registry, kSweepInterval,
                [&logger](const Result<std::size_t>& swept) {
                  if (!swept)
                    logger.error("sweeping uploads failed", {{"cause", swept.error().message}});
                  if (swept && *swept > 0)
                    logger.info("dropped idle uploads", {{"uploads", *swept}});
                }),
        collector(registry, kCollectInterval,
                  [&logger](const Result<registry::CollectReport>& collected) {
                    report_collection(logger, collected);
                  }),
        retainer(registry, clock, kRetainInterval,
                 [&logger](const std::string& where, const Result<std::size_t>& removed) {
                   if (!removed)
                     logger.error("retention failed",
                                  {{"at", where}, {"cause", removed.error().message}});
                   if (removed)
                     logger.info("retention removed manifests",
                                 {{"repository", where}, {"manifests", *removed}});
                 }),
        scrubber(
            registry, clock, {.rate = config.storage.scrub_rate},
            [&logger](const registry::ScrubDesk::Status& status) { report_scrub(logger, status); }),
        gatehouse(config.auth.configured() ? std::make_unique<Gatehouse>(config, clock, logger)
                                           : nullptr),
        api(registry, logger, api_settings(config), gatehouse ? &gatehouse->guard() : nullptr),
        server(api, net_options(config, logger, descriptors)) {}

  std::filesystem::path data_dir;
  std::shared_ptr<const registry::Rules> rules;  ///< the store and the registry ask the same
  std::unique_ptr<file::FileSystem> files;
  SystemClock clock;
  std::unique_ptr<index::MetadataStore> metadata;
  std::unique_ptr<FileBlobStore> blobs;
  registry::Registry registry;
  registry::Sweeper sweeper;
  registry::Collector collector;
  registry::Retainer retainer;
  registry::Scrubber scrubber;
  std::unique_ptr<Gatehouse> gatehouse;  ///< null without authentication
  api::Api api;
  net::Server server;
};

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts)
    (all += all.empty() ? std::string_view() : between) += text;
  return all;
}

/// Everything that can be read again, whether it has changed or not, and one line on it.
void reread(House& house, const config::Config& config, log::Logger& logger) {
  Reread done = house.gatehouse ? house.gatehouse->reload() : Reread{};
  if (!config.tls.certificates.empty()) {
    if (house.server.reload_certificates()) {
      done.read.emplace_back("certificates");
    } else {
      done.wrong.emplace_back("the certificates cannot be used, as a line of their own says");
    }
  }
  const std::string read = joined(done.read, ", ");
  const std::string wrong = joined(done.wrong, "; ");
  std::vector<log::Field> fields = {{"read", std::string_view(read)}};
  if (!wrong.empty()) fields.emplace_back("wrong", std::string_view(wrong));
  logger.log(wrong.empty() ? log::Level::kInfo : log::Level::kWarn,
             "SIGHUP: files were read again; changed settings need a restart", fields);
}

}  // namespace

int serve(const config::Config& config) {
  return serve_on(config, {});
}

int serve_on(const config::Config& config, const Ground& ground) {
  const Signals signals;
  const int descriptors = share_descriptors();
  bound_heap();
  log::Logger logger(log_options(config, ::isatty(STDERR_FILENO) != 0));
  logger.info("starting", {{"version", SHALE_VERSION}, {"data_dir", config.storage.data_dir}});

  House house(config, ground, logger, descriptors);
  for (const std::string& address : house.server.addresses()) {
    logger.info("listening", {{"address", address}});
  }
  for (const std::string& warning : exposures(config))
    logger.warn(warning);

  int signal = signals.wait();
  while (signal == SIGHUP) {
    reread(house, config, logger);
    signal = signals.wait();
  }
  logger.info("stopping", {{"signal", ::sigabbrev_np(signal)}});
  const std::size_t cut = house.server.stop(config.timeouts.drain);
  if (cut > 0) logger.warn("cut off connections that did not end in time", {{"connections", cut}});
  logger.info("stopped");
  return EXIT_SUCCESS;
}

}  // namespace shale::cli
