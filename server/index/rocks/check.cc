#include "server/index/rocks/check.h"

#include <span>
#include <utility>

#include "server/index/rocks/counters.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/namespaces.h"
#include "server/index/rocks/state.h"

namespace shale::index {

Result<std::vector<std::string>> RocksMetadataStore::check() const {
  return rocks::Checker(*state_->database).run();
}

namespace rocks {

Result<std::vector<std::string>> Checker::run() {
  SHALE_TRY(count());
  SHALE_TRY(check_usage());
  return std::move(findings_);
}

Result<void> Checker::count() {
  SHALE_TRY_ASSIGN(const auto row, view_.row<SequenceRow>(Family::kStore, keys::kSequence));
  sequence_ = row ? row->sequence : 0;

  SHALE_TRY(check_manifest_links());
  SHALE_TRY(check_manifests());
  SHALE_TRY(check_holders(Family::kManifestRepositories, Family::kManifestLinks, true));
  SHALE_TRY(check_tags());
  SHALE_TRY(check_tag_targets());
  SHALE_TRY(check_history());
  SHALE_TRY(check_edges());
  SHALE_TRY(check_edges_to());
  SHALE_TRY(check_blob_links());
  SHALE_TRY(check_blobs());
  SHALE_TRY(check_small_blobs());
  SHALE_TRY(check_holders(Family::kBlobRepositories, Family::kBlobLinks, false));
  SHALE_TRY(check_uploads());
  SHALE_TRY(check_pulls());
  SHALE_TRY(check_deleted());
  SHALE_TRY(check_doomed());
  // Last, for they compare with what the others have counted.
  return check_repositories();
}

void Checker::demand(bool holds, const std::string& what) {
  if (!holds && findings_.size() < kMaxFindings) {
    findings_.push_back(what);
  }
}

Result<void> Checker::demand_row(Family family, const std::string& key, const std::string& what) {
  SHALE_TRY_ASSIGN(const bool there, view_.has(family, key));
  demand(there, what + ": no row in " + std::string(name_of(family)));
  return {};
}

void Checker::demand_past(Sequence sequence, const std::string& what) {
  demand(sequence > 0 && sequence <= sequence_, what + ": of a commit that has not been");
}

Result<std::optional<std::uint64_t>> Checker::link_size(const RepositoryName& repository,
                                                        const Digest& digest, bool manifest) const {
  const std::string key = keys::link(repository, digest);
  std::optional<std::uint64_t> size;
  if (manifest) {
    SHALE_TRY_ASSIGN(const auto row, view_.row<ManifestLinkRow>(Family::kManifestLinks, key));
    SHALE_TRY_ASSIGN(const auto deleted, view_.row<DeletedRow>(Family::kDeleted, key));
    size = row       ? std::optional(row->size)
           : deleted ? std::optional(deleted->link.size)
                     : std::nullopt;
  } else {
    SHALE_TRY_ASSIGN(const auto row, view_.row<BlobLinkRow>(Family::kBlobLinks, key));
    size = row ? std::optional(row->size) : std::nullopt;
  }
  return size;
}

/// Content with a single holder is unique to it. The rows of one digest stand
/// side by side, so it is enough to remember the one before.
Result<void> Checker::check_holders(Family holders, Family links, bool manifests) {
  std::string single;  // the only repository of the last digest so far, or none
  std::uint64_t single_size = 0;
  std::optional<Digest> last;
  const auto count_single = [&] {
    if (!single.empty()) counted_[single].unique += static_cast<std::int64_t>(single_size);
    single.clear();
  };
  SHALE_TRY(each<EmptyRow>(holders, [&](Decoder key, const EmptyRow&) -> Result<bool> {
    const auto digest = key.digest();
    const Result<RepositoryName> repository = RepositoryName::parse(key.rest());
    if (!digest || !repository) {
      return false;
    }
    const Linked link{*repository, *digest};
    SHALE_TRY_ASSIGN(const auto size, link_size(*repository, *digest, manifests));
    demand(size.has_value(), std::string(name_of(holders)) + ": " + named(link) + ": no row in " +
                                 std::string(name_of(links)));
    if (last == digest) {
      single.clear();
    } else {
      count_single();
      single = repository->str();
      single_size = size.value_or(0);
      last = digest;
    }
    return true;
  }));
  count_single();
  return {};
}

/// By manifests that are there, or by deleted ones, as `kind_of` says.
Result<bool> Checker::is_named(const RepositoryName& repository, const Digest& blob,
                               EdgeKind (*kind_of)(EdgeKind)) const {
  for (const EdgeKind kind : {EdgeKind::kConfig, EdgeKind::kLayer, EdgeKind::kBlob}) {
    const Scan scan(view_, Family::kEdgesTo, keys::edges_to(repository, blob, kind_of(kind)));
    if (scan.valid()) {
      return true;
    }
    SHALE_TRY(scan.status());
  }
  return false;
}

Result<void> Checker::check_blob_links() {
  return each<BlobLinkRow>(
      Family::kBlobLinks, [&](Decoder key, const BlobLinkRow& row) -> Result<bool> {
        const auto link = read_link(key);
        if (!link || !key.finished()) {
          return false;
        }
        const std::string what = "blob " + named(*link);
        Usage& usage = counted_[link->repository.str()];
        (row.hidden ? usage.pinned : usage.blobs) +=
            row.hidden ? static_cast<std::int64_t>(row.size) : 1;
        usage.logical += static_cast<std::int64_t>(row.size);
        demand_past(row.sequence, what);
        SHALE_TRY_ASSIGN(const auto blob,
                         view_.row<BlobRow>(Family::kBlobs, keys::content(link->digest)));
        demand(blob && blob->size == row.size, what + ": no such blob, or of another size");
        SHALE_TRY(demand_row(Family::kBlobRepositories,
                             keys::holder(link->digest, link->repository.str()), what));
        SHALE_TRY_ASSIGN(const bool shown,
                         is_named(link->repository, link->digest, keys::of_present));
        SHALE_TRY_ASSIGN(const bool kept,
                         is_named(link->repository, link->digest, keys::of_deleted));
        demand(!shown || !row.hidden, what + ": out of sight though a manifest names it");
        const bool is_needed = shown || (row.hidden && kept);
        demand(row.due.has_value() != is_needed, what + (is_needed ? ": doomed though a manifest "
                                                                     "names it"
                                                                   : ": not doomed though no "
                                                                     "manifest names it"));
        if (row.due) {
          SHALE_TRY(demand_row(
              Family::kDoomed,
              keys::doomed({*row.due, Doomed::Kind::kLink, link->repository.str(), link->digest}),
              what));
        }
        return true;
      });
}

Result<void> Checker::check_blobs() {
  return each<BlobRow>(Family::kBlobs, [&](Decoder key, const BlobRow& row) -> Result<bool> {
    const auto digest = key.digest();
    if (!digest || !key.finished()) {
      return false;
    }
    const std::string what = "blob " + digest->str();
    ++counted_in_store_.blobs;
    counted_in_store_.bytes += static_cast<std::int64_t>(row.size);
    const bool linked = Scan(view_, Family::kBlobRepositories, keys::content(*digest)).valid();
    demand(row.due.has_value() != linked,
           what + (linked ? ": doomed though a repository has it"
                          : ": not doomed though no repository has it"));
    if (row.due) {
      SHALE_TRY(demand_row(Family::kDoomed,
                           keys::doomed({*row.due, Doomed::Kind::kBlob, "", *digest}), what));
    }
    if (row.small) {
      SHALE_TRY(demand_row(Family::kSmallBlobs, keys::content(*digest), what));
    }
    return true;
  });
}

Result<void> Checker::check_small_blobs() {
  Scan scan(view_, Family::kSmallBlobs, {});
  for (; scan.valid(); scan.next()) {
    Decoder key(scan.key());
    const auto digest = key.digest();
    const Result<std::string> bytes = decode_content(scan.value());
    if (!digest || !key.finished() || !bytes) {
      demand(false, "small_blobs: " + shown(scan.key()) + ": damaged");
      continue;
    }
    const std::string what = "small blob " + digest->str();
    demand(Digest::of(digest->algorithm(), std::as_bytes(std::span(*bytes))) == *digest,
           what + ": the bytes are not what the digest names");
    SHALE_TRY_ASSIGN(const auto blob, view_.row<BlobRow>(Family::kBlobs, keys::content(*digest)));
    demand(blob && blob->small && blob->size == bytes->size(), what + ": nobody knows of it");
  }
  return scan.status();
}

/// When what the row is about says that it is due.
Result<std::optional<Time>> Checker::due_of(const Doomed& row) const {
  using Due = std::optional<Time>;
  if (row.kind == Doomed::Kind::kBlob) {
    SHALE_TRY_ASSIGN(const auto blob,
                     view_.row<BlobRow>(Family::kBlobs, keys::content(row.digest)));
    return blob ? blob->due : Due();
  }
  const auto repository = RepositoryName::parse(row.repository);
  if (!repository) {
    return Due();
  }
  const std::string key = keys::link(*repository, row.digest);
  if (row.kind == Doomed::Kind::kDeleted) {
    SHALE_TRY_ASSIGN(const auto deleted, view_.row<DeletedRow>(Family::kDeleted, key));
    return deleted ? Due(deleted->due) : Due();
  }
  if (row.kind == Doomed::Kind::kUntagged) {
    SHALE_TRY_ASSIGN(const auto link, view_.row<ManifestLinkRow>(Family::kManifestLinks, key));
    return link ? link->due : Due();
  }
  SHALE_TRY_ASSIGN(const auto link, view_.row<BlobLinkRow>(Family::kBlobLinks, key));
  return link ? link->due : Due();
}

Result<void> Checker::check_doomed() {
  Scan scan(view_, Family::kDoomed, {});
  for (; scan.valid(); scan.next()) {
    const Result<Doomed> row = keys::parse_doomed(scan.key());
    if (!row || !decode<EmptyRow>(scan.value())) {
      demand(false, "doomed: " + shown(scan.key()) + ": damaged");
      continue;
    }
    // A file's row stays true whatever becomes of the digest: it is looked at when it is due.
    if (row->kind == Doomed::Kind::kFile) continue;
    SHALE_TRY_ASSIGN(const auto due, due_of(*row));
    demand(due == row->due, "doomed: " + row->repository + " " + row->digest.str() +
                                ": what it is about is not due then");
  }
  return scan.status();
}

Result<void> Checker::check_uploads() {
  return each<UploadValue>(Family::kUploads,
                           [&](Decoder key, const UploadValue& row) -> Result<bool> {
                             return UploadId::parse(key.rest()).has_value() &&
                                    RepositoryName::parse(row.repository).has_value();
                           });
}

Result<void> Checker::check_repositories() {
  SHALE_TRY(each<RepositoryRow>(
      Family::kRepositories, [&](Decoder key, const RepositoryRow& row) -> Result<bool> {
        const std::string name(key.rest());
        const auto counted = counted_.find(name);
        demand_past(row.sequence, "repository " + name);
        demand(counted != counted_.end() && counted->second.manifests + counted->second.blobs > 0,
               "repository " + name + ": there, but empty");
        ++counted_in_store_.repositories;
        return RepositoryName::parse(name).has_value();
      }));
  for (const auto& [name, usage] : counted_) {
    if (usage.manifests + usage.blobs > 0) {
      SHALE_TRY(demand_row(Family::kRepositories, name, "repository " + name));
    }
  }
  return {};
}

Result<void> Checker::check_usage() {
  for (const auto& [name_space, usage] : sum_up(counted_)) {
    counted_[name_space + '/'] = usage;  // as their keys are
  }
  Scan scan(view_, Family::kUsage, {});
  for (; scan.valid(); scan.next()) {
    Decoder key(scan.key());
    const std::string name(key.terminated());
    if (name.empty()) {
      continue;
    }
    const Result<Usage> usage = decode_usage(scan.value());
    demand(usage && *usage != Usage{}, "usage of " + shown(scan.key()) + ": of nothing");
    demand(key.finished() && usage && *usage == counted_[name],
           "usage of " + shown(scan.key()) + " is not what there is");
    counted_.erase(name);
  }
  SHALE_TRY(scan.status());
  for (const auto& [name, counted] : counted_) {
    demand(counted == Usage{}, "usage of " + name + ": no row");
  }

  SHALE_TRY_ASSIGN(const auto total, view_.get(Family::kUsage, keys::of_repository("")));
  const Result<StoreUsage> usage = total ? decode_store_usage(*total) : StoreUsage{};
  demand(usage && *usage == counted_in_store_, "usage of the store is not what there is");
  return {};
}

}  // namespace rocks
}  // namespace shale::index
