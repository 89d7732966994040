#include "server/cli/instruments.h"

#include "metrics/process.h"
#include "server/cli/samples.h"
#include "server/cli/version.h"

namespace shale::cli {
namespace {

metrics::Labels build_labels() {
  metrics::Labels labels = {{"version", std::string(version())}};
  for (const char* part : {"compiler", "openssl", "rocksdb"})
    labels.emplace_back(part, version_of(part));
  return labels;
}

/// From what a disk with a cache takes to one that is in trouble.
const std::vector<double> kSyncSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                          0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};
const std::vector<double> kWaitSeconds = {0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double unix_time(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

metrics::Histogram sync_times(metrics::Metrics& metrics, const char* of) {
  return metrics.histogram("shale_fsync_duration_seconds",
                           "Waits for the disk, by what was synced: blobs, the directories that "
                           "name them, the log of the metadata.",
                           kSyncSeconds, {{"of", of}});
}

}  // namespace

Instruments::Instruments(metrics::Metrics& metrics)
    : metrics_(metrics),
      file_sync_(sync_times(metrics, "blob")),
      directory_sync_(sync_times(metrics, "directory")),
      log_sync_(sync_times(metrics, "metadata_log")),
      pool_wait_(metrics.histogram("shale_pool_wait_seconds",
                                   "How long requests waited for a thread of the pool.",
                                   kWaitSeconds)),
      last_reload_(unix_time(SystemClock().now())) {
  metrics.add_source(metrics::describe_process);
  metrics.add_source([this](metrics::Samples& samples) {
    samples.gauge("shale_build_info", "1, with what the program was made of.", 1, build_labels());
    samples.gauge("shale_config_last_reload_successful",
                  "Whether the configuration that was read last is in force.",
                  last_reload_fine_ ? 1 : 0);
    samples.gauge("shale_config_last_reload_success_timestamp_seconds",
                  "When the configuration that is in force was read.", last_reload_);
  });
}

file::SyncTimes Instruments::file_syncs() const {
  return [this](file::Synced what, std::chrono::nanoseconds time) {
    (what == file::Synced::kFile ? file_sync_ : directory_sync_).observe(seconds(time));
  };
}

std::function<void(std::chrono::nanoseconds)> Instruments::log_syncs() const {
  return [this](std::chrono::nanoseconds time) { log_sync_.observe(seconds(time)); };
}

std::function<void(std::chrono::nanoseconds)> Instruments::pool_waits() const {
  return [this](std::chrono::nanoseconds time) { pool_wait_.observe(seconds(time)); };
}

void Instruments::reloaded(bool taken_over, Time now) {
  last_reload_fine_ = taken_over;
  if (taken_over) last_reload_ = unix_time(now);
}

void Instruments::observe(const Sources& sources) {
  metrics_.add_source(
      [&server = sources.server](metrics::Samples& samples) { sample_server(server, samples); });
  metrics_.add_source([&registry = sources.registry](metrics::Samples& samples) {
    sample_registry(registry, samples);
  });
  metrics_.add_source(
      [&metadata = sources.metadata, &clock = sources.clock](metrics::Samples& samples) {
        sample_metadata(metadata, clock.now(), samples);
      });
  metrics_.add_source(
      [&blobs = sources.blobs](metrics::Samples& samples) { sample_disk(blobs, samples); });
  metrics_.add_source([&logger = sources.logger, audit = sources.audit](metrics::Samples& samples) {
    sample_log(logger, "main", samples);
    if (audit != nullptr) sample_log(*audit, "audit", samples);
  });
}

}  // namespace shale::cli
