#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/write_batch.h>

#include "server/index/rocks/database.h"
#include "server/index/rocks/key_reading.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/repair.h"
#include "server/index/rocks/rows.h"

namespace shale::index::rocks {

/// Makes all rows agree again. The bytes of manifests and blobs are the truth, then who has
/// which manifest and where the tags are; everything else follows from these and is written
/// anew where it differs. Goes step by step, each over all rows in batches: one that is
/// killed in the middle is finished by the next run. Memory is proportional to the
/// repositories, and to one manifest. No commit may run beside it.
class Rebuilder {
 public:
  /// What it borrows must outlive it.
  Rebuilder(const Database& database, const RepairSources& sources, Time now,
            std::chrono::milliseconds lease)
      : database_(database), view_(database), sources_(sources), now_(now), lease_(lease) {}

  /// The number of the last commit then: one more than before when rows were changed.
  Result<Sequence> run();
  std::uint64_t changes() const noexcept { return changes_; }

 private:
  struct Named {
    EdgeKind kind;  ///< marked for a deleted manifest
    Digest child;
    EdgeRow row;
    std::string reverse;  ///< the value of the other direction
  };
  struct Owner {
    ManifestLinkRow link;
    bool deleted = false;
  };

  // Rows, read without stopping at one that is damaged, and written in batches.
  template <class Row>
  Result<std::optional<Row>> good(Family family, const std::string& key) const;
  template <class Look>
  Result<void> each(Family family, std::string_view prefix, Look look);
  Result<void> put(Family family, const std::string& key, const std::string& value);
  Result<void> erase(Family family, const std::string& key);
  Result<void> settle();

  Result<void> find_sequence();
  // rebuild.cc: who has which manifest, and where the tags are
  Result<void> rebuild_manifests();
  Result<void> rebuild_links();
  Result<void> rebuild_deleted();
  Result<void> recover_manifest(const RepositoryName& repository, const Digest& digest);
  Result<void> rebuild_manifest_holders();
  Result<void> rebuild_tags();
  Result<void> follow_history();
  Result<void> rebuild_tag_targets();
  Result<std::optional<Manifest>> read(const Digest& digest, std::string_view media_type) const;
  Result<std::optional<Owner>> owner(const RepositoryName& repository, const Digest& digest) const;
  // rebuild_edges.cc
  Result<void> rebuild_edges();
  Result<void> drop_wrong_edges();
  Result<std::optional<std::vector<std::string>>> right_edges(const Linked& parent) const;
  Result<void> put_edges(const RepositoryName& repository, const Digest& parent,
                         const Owner& owner);
  Result<std::optional<std::vector<Named>>> edges_of(const RepositoryName& repository,
                                                     const Digest& parent,
                                                     const Owner& owner) const;
  Result<EdgeKind> settled(const RepositoryName& repository, const Digest& parent, const Edge& edge,
                           bool deleted) const;
  // rebuild_blobs.cc
  Result<void> rebuild_small_blobs();
  Result<void> recover_blob_links();
  Result<void> rebuild_blob_links();
  Result<void> rebuild_blob_holders();
  Result<void> rebuild_blobs();
  Result<std::optional<std::uint64_t>> size_of(const Digest& digest) const;
  Result<bool> is_named(const RepositoryName& repository, const Digest& blob, bool deleted) const;
  // repair.cc
  Result<void> rebuild_leaves();
  Result<void> rebuild_doomed();
  Result<void> rebuild_repositories();
  Result<void> rebuild_usage();

  const Database& database_;
  const View view_;
  const RepairSources& sources_;
  const Time now_;
  const std::chrono::milliseconds lease_;
  Sequence sequence_ = 0;  ///< of what this run writes
  bool numbered_ = false;
  rocksdb::WriteBatch batch_;
  std::uint64_t changes_ = 0;
};

template <class Row>
Result<std::optional<Row>> Rebuilder::good(Family family, const std::string& key) const {
  SHALE_TRY_ASSIGN(const auto value, view_.get(family, key));
  if (!value) return std::optional<Row>();
  auto row = decode<Row>(*value);
  return row ? std::optional<Row>(*std::move(row)) : std::optional<Row>();
}

/// `look(key, value)`, both whole and good until the next row.
template <class Look>
Result<void> Rebuilder::each(Family family, std::string_view prefix, Look look) {
  Scan scan(view_, family, prefix);
  for (; scan.valid(); scan.next()) {
    const std::string key = std::string(prefix) + std::string(scan.key());
    SHALE_TRY(look(key, scan.value()));
  }
  SHALE_TRY(scan.status());
  return settle();
}

}  // namespace shale::index::rocks
