#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "blobstore/blob_store.h"
#include "server/index/metadata_store.h"
#include "server/registry/digest_locks.h"
#include "server/registry/leases.h"

namespace shale::registry {

/// Which of the doomed go.
enum class CollectWhat : std::uint8_t {
  kDue,      ///< those whose lease has ended
  kAllOfIt,  ///< leases or not: whoever was told that a blob is there may have to push it again
};

/// What a collection did, or all of them together did.
struct CollectReport {
  std::uint64_t links = 0;      ///< blobs that a repository shows no more
  std::uint64_t manifests = 0;  ///< that went out of the history, or for want of a tag
  std::uint64_t blobs = 0;      ///< whose bytes were freed
  std::uint64_t bytes = 0;      ///< freed
  std::uint64_t waiting = 0;    ///< in use just now, or held by a lease: left for later
  /// Of these, files that could not be removed; the next collection tries again.
  std::uint64_t failed = 0;
  std::optional<Error> failure = std::nullopt;  ///< the first of them
  bool more = false;                            ///< it ended at its bound, and others are due
};

/// Frees what is doomed. Takes from the front of what is due, so the work is
/// proportional to the garbage, and no lock that a push waits for, but for the one
/// removal that may be under way of the very bytes pushed. Safe to end at any instruction:
/// see "Collection" in README.md. Thread-safe; of two collections the second waits.
class Collection {
 public:
  /// What it borrows must outlive it.
  Collection(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
             std::chrono::milliseconds lease);

  /// Up to `limit` steps. Stops at the first error; what was done stays done. What has to
  /// wait, and files that cannot be removed, are passed over and hold up nothing.
  Result<CollectReport> run(CollectWhat what, std::size_t limit);

  /// Since the start.
  CollectReport totals() const noexcept;

  DigestLocks& locks() noexcept { return locks_; }
  Leases& leases() noexcept { return leases_; }

 private:
  using Batch = std::vector<index::Doomed>;

  Result<void> take_from_metadata(const index::Doomed& doomed, CollectWhat what,
                                  CollectReport& report);
  Result<void> remove_file(const index::Doomed& doomed, CollectReport& report);
  Result<void> run_batch(const Batch& batch, CollectWhat what, CollectReport& report);

  BlobStore& blobs_;
  index::MetadataStore& metadata_;
  const Clock& clock_;
  const std::chrono::milliseconds lease_;
  DigestLocks locks_;
  Leases leases_;
  std::mutex running_;
  std::atomic<std::uint64_t> links_ = 0;
  std::atomic<std::uint64_t> manifests_ = 0;
  std::atomic<std::uint64_t> freed_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace shale::registry
