#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "blobstore/blob_store.h"
#include "blobstore/clock.h"
#include "blobstore/file/file_system.h"
#include "metrics/metrics.h"
#include "server/index/metadata_store.h"
#include "server/log/logger.h"
#include "server/net/server.h"
#include "server/registry/registry.h"

namespace shale::cli {

/// What the rooms that know nothing of metrics are given to tell of themselves, and what is
/// asked of them at a scrape. metrics/README.md lists all of it. Borrows the metrics.
/// Thread-safe.
class Instruments {
 public:
  explicit Instruments(metrics::Metrics& metrics);

  // To be handed out; they must not outlive this.
  file::SyncTimes file_syncs() const;
  std::function<void(std::chrono::nanoseconds)> log_syncs() const;
  std::function<void(std::chrono::nanoseconds)> pool_waits() const;

  /// A configuration was read again, and taken over or not.
  void reloaded(bool taken_over, Time now);

  /// What is asked at each scrape from now on; all must outlive the metrics.
  struct Sources {
    const registry::Registry& registry;
    const index::MetadataStore& metadata;
    const BlobStore& blobs;
    const net::Server& server;
    const log::Logger& logger;
    const log::Logger* audit;  ///< null where there is no audit log
    const Clock& clock;
  };
  void observe(const Sources& sources);

 private:
  metrics::Metrics& metrics_;
  const metrics::Histogram file_sync_;
  const metrics::Histogram directory_sync_;
  const metrics::Histogram log_sync_;
  const metrics::Histogram pool_wait_;
  std::atomic<bool> last_reload_fine_ = true;
  std::atomic<double> last_reload_;
};

}  // namespace shale::cli
