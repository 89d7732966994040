#pragma once

#include <functional>
#include <memory>

#include "blobstore/result.h"
#include "server/config/config.h"
#include "server/index/rocks/rocks_metadata_store.h"

namespace shale::file {
class FileSystem;
}  // namespace shale::file

namespace shale::cli {

/// What the server stands on. The program takes it as it is; `tests/crash` puts
/// layers of its own in between.
struct Ground {
  /// Below the blobs; null for the real one. Outlives the server.
  file::FileSystem* files = nullptr;
  /// Opens the metadata; empty for `RocksMetadataStore::open`.
  std::function<Result<std::unique_ptr<index::MetadataStore>>(index::RocksOptions)> open_metadata;
};

/// Runs the registry until SIGTERM or SIGINT and returns the exit code of the
/// process. Exceptions of the start-up leave it; `main` reports them.
int serve(const config::Config& config);
int serve_on(const config::Config& config, const Ground& ground);

}  // namespace shale::cli
