#include "server/index/rocks/commit.h"

#include <cassert>

#include "server/index/quota_check.h"
#include "server/index/rocks/counters.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/status.h"

namespace shale::index::rocks {
namespace {

/// The batch lives in memory, so an edit that fails is out of memory or our bug.
void expect(const rocksdb::Status& status) {
  const bool added = status.ok();
  assert(added);
  static_cast<void>(added);
}

}  // namespace

void Commit::put_bytes(Family family, std::string_view key, const std::string& value) {
  expect(batch_.Put(view_.database().handle(family), rocksdb::Slice(key), value));
}

void Commit::erase(Family family, std::string_view key) {
  expect(batch_.Delete(view_.database().handle(family), rocksdb::Slice(key)));
}

void Commit::drop_upload(const UploadId& id) {
  erase(Family::kUploads, keys::upload(id));
}

Result<rocksdb::WriteBatch> Commit::finish() {
  for (const auto& [repository, change] : usage_) {
    SHALE_TRY(settle_usage(repository, change));
  }
  SHALE_TRY(settle_namespaces());
  if (store_usage_ != StoreUsage{}) {
    expect(batch_.Merge(view_.database().handle(Family::kUsage), keys::of_repository(""),
                        encode(store_usage_)));
  }
  put(Family::kStore, keys::kSequence, SequenceRow{sequence_});
  return std::move(batch_);
}

/// Merges the change into the counters. They are exact, so they also tell whether
/// the repository begins or ends with this commit. Seeking its first row instead
/// would step over the remains of every row deleted before. What history keeps of a
/// repository that has ended is counted on.
Result<void> Commit::settle_usage(const std::string& repository, const Usage& change) {
  if (change == Usage{}) {
    return {};
  }
  const std::string key = keys::of_repository(repository);
  const std::int64_t gained = change.manifests + change.blobs;
  if (gained != 0 || change.logical != 0) {
    Usage usage;
    SHALE_TRY_ASSIGN(const auto value, view_.get(Family::kUsage, key));
    if (value) {
      SHALE_TRY_ASSIGN(usage, decode_usage(*value));
    }
    const std::int64_t held = usage.manifests + usage.blobs;
    if (held == 0 && gained > 0) {
      put(Family::kRepositories, repository, RepositoryRow{sequence_, now_});
      ++store_usage_.repositories;
    } else if (held > 0 && held + gained == 0) {
      erase(Family::kRepositories, repository);
      --store_usage_.repositories;
    }
    usage += change;
    if (usage == Usage{}) {
      erase(Family::kUsage, key);
      return {};
    }
  }
  expect(batch_.Merge(view_.database().handle(Family::kUsage), key, encode(change)));
  return {};
}

}  // namespace shale::index::rocks
