#pragma once

#include "blobstore/blob_store.h"
#include "blobstore/clock.h"
#include "metrics/samples.h"
#include "server/index/metadata_store.h"
#include "server/log/logger.h"
#include "server/net/server.h"
#include "server/registry/registry.h"

namespace shale::cli {

// What a scrape asks of each room. Nothing here waits for the disk; all is thread-safe.

void sample_server(const net::Server& server, metrics::Samples& samples);
void sample_registry(const registry::Registry& registry, metrics::Samples& samples);
void sample_metadata(const index::MetadataStore& metadata, Time now, metrics::Samples& samples);
void sample_disk(const BlobStore& blobs, metrics::Samples& samples);
/// `name` is the label of the log.
void sample_log(const log::Logger& logger, const char* name, metrics::Samples& samples);

/// What connections can be at, by the names that operators see.
std::string_view state_name(net::ConnectionState state) noexcept;

}  // namespace shale::cli
