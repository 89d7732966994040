#include "server/registry/collection.h"

#include <algorithm>

namespace shale::registry {

using namespace std::chrono_literals;
using index::Doomed;
using Outcome = index::Collected::Outcome;

namespace {

/// So many rows are looked at between two syncs of the metadata.
constexpr std::size_t kBatch = 256;

}  // namespace

Collection::Collection(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
                       std::chrono::milliseconds lease)
    : blobs_(blobs), metadata_(metadata), clock_(clock), lease_(lease), leases_(clock, lease) {}

/// Walks from the front of what is due to its end, past what has to wait, and again as long
/// as something is done: a step may make another one due.
Result<CollectReport> Collection::run(CollectWhat what, std::size_t limit) {
  const std::scoped_lock one_at_a_time(running_);
  CollectReport report;
  index::DoomedQuery query;
  // Twice the lease, for a clock that was set back meanwhile; not more, for what a policy has
  // wait is stepped over.
  query.early = what == CollectWhat::kAllOfIt ? lease_ + lease_ : 0ms;
  bool progress = false;
  std::size_t left = limit;
  while (true) {
    SHALE_TRY_ASSIGN(
        const Batch batch,
        metadata_.list_doomed(clock_.now(), std::clamp(left, std::size_t{1}, kBatch), query));
    if (batch.empty() && progress) {
      query.after.reset();
      progress = false;
      report.waiting = 0;
      report.failed = 0;
      continue;
    }
    report.more = left == 0 && !batch.empty();
    if (batch.empty() || left == 0) return report;
    const std::uint64_t waiting = report.waiting;
    SHALE_TRY(run_batch(batch, what, report));
    const std::size_t done = batch.size() - (report.waiting - waiting);
    progress = progress || done > 0;
    left -= std::min(left, done);
    query.after = batch.back();
  }
}

/// First the metadata, then, once that is on disk, the files: a power cut in between must
/// not leave a link whose bytes are gone.
Result<void> Collection::run_batch(const Batch& batch, CollectWhat what, CollectReport& report) {
  for (const Doomed& doomed : batch) {
    if (doomed.kind != Doomed::Kind::kFile) SHALE_TRY(take_from_metadata(doomed, what, report));
  }
  SHALE_TRY(metadata_.sync());
  for (const Doomed& doomed : batch) {
    if (doomed.kind == Doomed::Kind::kFile) SHALE_TRY(remove_file(doomed, report));
  }
  return {};
}

Result<void> Collection::take_from_metadata(const Doomed& doomed, CollectWhat what,
                                            CollectReport& report) {
  auto lock = locks_.try_remove(doomed.digest);
  if (!lock.owns_lock()) {
    ++report.waiting;
    return {};
  }
  if (doomed.kind == Doomed::Kind::kLink && what == CollectWhat::kDue) {
    SHALE_TRY_ASSIGN(const auto repository, index::RepositoryName::parse(doomed.repository));
    if (leases_.held(repository, doomed.digest)) {
      lock.unlock();
      // A mount onto itself renews the lease that is written down, so that the row
      // leaves the front. A link that went meanwhile is no concern of ours.
      const auto renewed = metadata_.mount_blob(repository, repository, doomed.digest);
      if (!renewed && renewed.error().code != Errc::kBlobUnknown) return renewed.error();
      return {};
    }
  }
  SHALE_TRY_ASSIGN(const index::Collected done, metadata_.collect(doomed));
  if (done.outcome == Outcome::kSpared) return {};
  if (doomed.kind == Doomed::Kind::kLink) {
    ++report.links;
    ++links_;
  }
  if (done.outcome == Outcome::kManifest) {
    ++report.manifests;
    ++manifests_;
  } else if (done.outcome == Outcome::kFreed) {
    ++report.blobs;
    ++freed_;
  }
  if (done.outcome == Outcome::kManifest || done.outcome == Outcome::kFreed) {
    report.bytes += done.bytes;
    bytes_ += done.bytes;
  }
  return {};
}

/// A push may have brought the bytes back since the row was written; under the lock it
/// has either linked them, which spares them, or will write the file anew.
Result<void> Collection::remove_file(const Doomed& doomed, CollectReport& report) {
  const auto lock = locks_.try_remove(doomed.digest);
  if (!lock.owns_lock()) {
    ++report.waiting;
    return {};
  }
  SHALE_TRY_ASSIGN(const index::Collected done, metadata_.collect(doomed));
  if (done.outcome != Outcome::kRemoveFile) return {};
  const auto size = blobs_.size(doomed.digest);
  if (const auto removed = blobs_.remove(doomed.digest); !removed) {
    ++report.waiting;
    ++report.failed;
    if (!report.failure) report.failure = removed.error();
    return {};
  }
  SHALE_TRY(metadata_.file_removed(doomed));
  if (!size) return {};  // a crash came between the two the last time
  ++report.blobs;
  report.bytes += *size;
  ++freed_;
  bytes_ += *size;
  return {};
}

CollectReport Collection::totals() const noexcept {
  CollectReport totals;
  totals.links = links_.load();
  totals.manifests = manifests_.load();
  totals.blobs = freed_.load();
  totals.bytes = bytes_.load();
  return totals;
}

}  // namespace shale::registry
