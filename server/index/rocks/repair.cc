#include "server/index/rocks/repair.h"

#include <utility>

#include "server/index/rocks/check.h"
#include "server/index/rocks/counters.h"
#include "server/index/rocks/namespaces.h"
#include "server/index/rocks/rebuild.h"
#include "server/index/rocks/state.h"

namespace shale::index {

Result<std::uint64_t> RocksMetadataStore::repair(const RepairSources& sources) {
  const auto last = state_->section.lock();
  SHALE_TRY(state_->sync.healthy());
  rocks::Rebuilder rebuilder(*state_->database, sources, state_->options.clock.now(),
                             state_->options.lease);
  SHALE_TRY_ASSIGN(const Sequence number, rebuilder.run());
  *last = number;
  state_->written.store(number);
  SHALE_TRY(state_->database->sync());
  return rebuilder.changes();
}

namespace rocks {

// What each step reads, the ones before it have rebuilt.
Result<Sequence> Rebuilder::run() {
  SHALE_TRY(find_sequence());
  SHALE_TRY(rebuild_manifests());
  SHALE_TRY(rebuild_links());
  SHALE_TRY(rebuild_manifest_holders());
  SHALE_TRY(rebuild_tags());
  SHALE_TRY(rebuild_edges());
  SHALE_TRY(rebuild_small_blobs());
  SHALE_TRY(recover_blob_links());
  SHALE_TRY(rebuild_blob_links());
  SHALE_TRY(rebuild_blob_holders());
  SHALE_TRY(rebuild_blobs());
  SHALE_TRY(rebuild_leaves());
  SHALE_TRY(rebuild_doomed());
  SHALE_TRY(rebuild_repositories());
  SHALE_TRY(rebuild_usage());
  return numbered_ ? sequence_ : sequence_ - 1;
}

/// What nothing else depends on.
Result<void> Rebuilder::rebuild_leaves() {
  SHALE_TRY(each(Family::kPulls, {}, [&](const auto& key, auto value) -> Result<void> {
    SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kManifestLinks, key));
    return there && decode<PullRow>(value) ? Result<void>() : erase(Family::kPulls, key);
  }));
  return each(Family::kUploads, {}, [&](const auto& key, auto value) -> Result<void> {
    const auto row = decode<UploadValue>(value);
    const bool sound = UploadId::parse(key) && row && RepositoryName::parse(row->repository);
    return sound ? Result<void>() : erase(Family::kUploads, key);
  });
}

/// Every row that has a time when it is due, and no others. Files wait as they do: their
/// rows are looked at again when they are due.
Result<void> Rebuilder::rebuild_doomed() {
  SHALE_TRY(each(Family::kDoomed, {}, [&](const auto& key, auto value) -> Result<void> {
    const auto row = keys::parse_doomed(key);
    if (!row || !decode<EmptyRow>(value)) return erase(Family::kDoomed, key);
    if (row->kind == Doomed::Kind::kFile) return {};
    std::optional<Time> due;
    if (row->kind == Doomed::Kind::kBlob) {
      SHALE_TRY_ASSIGN(const auto blob, good<BlobRow>(Family::kBlobs, keys::content(row->digest)));
      if (blob) due = blob->due;
    } else if (const auto repository = RepositoryName::parse(row->repository)) {
      const std::string link = keys::link(*repository, row->digest);
      SHALE_TRY_ASSIGN(const auto blob, good<BlobLinkRow>(Family::kBlobLinks, link));
      SHALE_TRY_ASSIGN(const auto manifest, good<ManifestLinkRow>(Family::kManifestLinks, link));
      SHALE_TRY_ASSIGN(const auto deleted, good<DeletedRow>(Family::kDeleted, link));
      if (row->kind == Doomed::Kind::kLink && blob) due = blob->due;
      if (row->kind == Doomed::Kind::kUntagged && manifest) due = manifest->due;
      if (row->kind == Doomed::Kind::kDeleted && deleted) due = deleted->due;
    }
    return due == row->due ? Result<void>() : erase(Family::kDoomed, key);
  }));
  const auto doom = [&](std::optional<Time> due, Doomed::Kind kind, const std::string& repository,
                        const Digest& digest) -> Result<void> {
    if (!due) return {};
    return put(Family::kDoomed, keys::doomed({*due, kind, repository, digest}), encode(EmptyRow{}));
  };
  SHALE_TRY(each(Family::kBlobs, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    SHALE_TRY_ASSIGN(const auto row, decode<BlobRow>(value));
    return doom(row.due, Doomed::Kind::kBlob, "", *digest);
  }));
  SHALE_TRY(each(Family::kBlobLinks, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    SHALE_TRY_ASSIGN(const auto row, decode<BlobLinkRow>(value));
    return doom(row.due, Doomed::Kind::kLink, link->repository.str(), link->digest);
  }));
  SHALE_TRY(each(Family::kManifestLinks, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    SHALE_TRY_ASSIGN(const auto row, decode<ManifestLinkRow>(value));
    return doom(row.due, Doomed::Kind::kUntagged, link->repository.str(), link->digest);
  }));
  return each(Family::kDeleted, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    SHALE_TRY_ASSIGN(const auto row, decode<DeletedRow>(value));
    return doom(row.due, Doomed::Kind::kDeleted, link->repository.str(), link->digest);
  });
}

Result<void> Rebuilder::rebuild_repositories() {
  Checker checker(database_);
  SHALE_TRY(checker.count());
  const auto& counted = checker.counted();
  const auto exists = [&](const std::string& name) {
    const auto found = counted.find(name);
    return found != counted.end() && found->second.manifests + found->second.blobs > 0;
  };
  SHALE_TRY(each(Family::kRepositories, {}, [&](const auto& key, auto value) -> Result<void> {
    const auto row = decode<RepositoryRow>(value);
    const bool sound = row && row->sequence > 0 && row->sequence <= sequence_ && exists(key);
    return sound ? Result<void>() : erase(Family::kRepositories, key);
  }));
  for (const auto& [name, usage] : counted) {
    if (!exists(name)) continue;
    SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kRepositories, name));
    if (there) continue;
    SHALE_TRY(put(Family::kRepositories, name, encode(RepositoryRow{sequence_, now_})));
  }
  return settle();
}

/// All counters at once: their number is that of the repositories.
Result<void> Rebuilder::rebuild_usage() {
  Checker checker(database_);
  SHALE_TRY(checker.count());
  std::map<std::string, std::string> right;
  for (const auto& [name, usage] : checker.counted()) {
    if (usage != Usage{}) right[keys::of_repository(name)] = encode(usage);
  }
  for (const auto& [name_space, usage] : sum_up(checker.counted())) {
    if (usage != Usage{}) right[keys::of_namespace(name_space)] = encode(usage);
  }
  // The total stays once it is there, be it of nothing; a store that never had anything has none.
  SHALE_TRY_ASSIGN(const bool counted, view_.has(Family::kUsage, keys::of_repository("")));
  if (counted || checker.counted_in_store() != StoreUsage{}) {
    right[keys::of_repository("")] = encode(checker.counted_in_store());
  }
  SHALE_TRY(each(Family::kUsage, {}, [&](const auto& key, auto) -> Result<void> {
    return right.contains(key) ? Result<void>() : erase(Family::kUsage, key);
  }));
  for (const auto& [key, value] : right)
    SHALE_TRY(put(Family::kUsage, key, value));
  return settle();
}

}  // namespace rocks
}  // namespace shale::index
