#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "blobstore/blob_store.h"
#include "blobstore/current.h"
#include "blobstore/file/file_blob_store.h"
#include "blobstore/file/file_system.h"
#include "blobstore/result.h"
#include "metrics/metrics.h"
#include "server/api/api.h"
#include "server/api/request_metrics.h"
#include "server/cli/command_line.h"
#include "server/cli/gatehouse.h"
#include "server/cli/instruments.h"
#include "server/cli/operating.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/log/logger.h"
#include "server/net/server.h"
#include "server/registry/collector.h"
#include "server/registry/registry.h"
#include "server/registry/retainer.h"
#include "server/registry/scrubber.h"
#include "server/registry/sweeper.h"

namespace shale::cli {

/// What the server stands on. The program takes it as it is; `tests/crash` puts
/// layers of its own in between.
struct Ground {
  /// Below the blobs; null for the real one. Outlives the server.
  file::FileSystem* files = nullptr;
  /// Opens the metadata; empty for `RocksMetadataStore::open`.
  std::function<Result<std::unique_ptr<index::MetadataStore>>(index::RocksOptions)> open_metadata;
};

/// Everything that lives as long as the program serves, in the order in which
/// one needs the other.
struct House {
  /// Throws what the start-up cannot do without, in words for whoever starts Shale. `rules` are
  /// those of the configuration, of which store and registry are told.
  House(const Serving& serving, const Ground& ground, log::Logger& logger, int descriptors,
        const std::shared_ptr<const registry::Rules>& rules);

  std::filesystem::path data_dir;
  SystemClock clock;
  metrics::Metrics metrics;
  Instruments instruments;
  /// What the store asks within commits; replaced as a whole by a reload.
  std::shared_ptr<Current<index::StorePolicy>> policy;
  std::unique_ptr<file::FileSystem> files;
  std::unique_ptr<index::MetadataStore> metadata;
  std::unique_ptr<FileBlobStore> blobs;
  registry::Registry registry;
  registry::Sweeper sweeper;
  registry::Collector collector;
  registry::Retainer retainer;
  registry::Scrubber scrubber;
  api::RequestMetrics requests;
  std::unique_ptr<Gatehouse> gatehouse;  ///< null without authentication
  Operating operating;
  api::Api api;
  net::Server server;
};

}  // namespace shale::cli
