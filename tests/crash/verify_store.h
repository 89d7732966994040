#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::testing {

/// What a whole look at both halves of a store found.
struct StoreReport {
  std::vector<std::string> findings;  ///< what must not be; empty when all is well
  std::uint64_t blobs = 0;            ///< files that the metadata knows
  /// Whole blobs that the metadata does not know: what a crash between the rename
  /// and the link leaves. No harm, but worth counting.
  std::uint64_t orphans = 0;
  std::uint64_t uploads = 0;  ///< rows and files of uploads, each id once
};

/// Runs the metadata's own check, reads every file below `root`, the root of the
/// blob store, and compares. That every link has its bytes, it leaves to those who know
/// the links: they read them. Nobody may change either meanwhile.
StoreReport verify_store(const std::filesystem::path& root, const index::MetadataStore& metadata);

/// Lets all uploads expire, and tells which are left. `metadata` and the store at
/// `root` must not be open elsewhere.
std::vector<std::string> uploads_that_never_expire(const std::filesystem::path& root,
                                                   index::MetadataStore& metadata);

}  // namespace shale::testing
