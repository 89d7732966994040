#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/index/rocks/database.h"
#include "server/index/rocks/key_reading.h"

namespace shale::index::rocks {

/// Reads every row once, in one snapshot, and looks up the rows that it promises:
/// each direction of an edge, each holder, each doomed row; and counts anew what
/// the counters say. Memory is proportional to the repositories, not to the rows.
class Checker {
 public:
  /// `database` must outlive this.
  explicit Checker(const Database& database) : view_(database, View::Moment::kSnapshot) {}

  /// What contradicts itself, at most `kMaxFindings` of it. An error when the
  /// store cannot be read to its end.
  Result<std::vector<std::string>> run();

  /// Only counts what there is, for those who make the counters anew.
  Result<void> count();
  const std::map<std::string, Usage>& counted() const noexcept { return counted_; }
  const StoreUsage& counted_in_store() const noexcept { return counted_in_store_; }

  static constexpr std::size_t kMaxFindings = 1000;

 private:
  template <class Row, class Look>
  Result<void> each(Family family, Look look);
  void demand(bool holds, const std::string& what);
  Result<void> demand_row(Family family, const std::string& key, const std::string& what);
  void demand_past(Sequence sequence, const std::string& what);

  Result<void> check_repositories();
  Result<void> check_manifests();
  Result<void> check_manifest_links();
  Result<void> check_tags();
  Result<void> check_tag_targets();
  Result<void> check_history();
  Result<void> check_edges();
  Result<void> check_edges_to();
  Result<void> check_blobs();
  Result<void> check_small_blobs();
  Result<void> check_blob_links();
  Result<void> check_holders(Family holders, Family links, bool manifests);
  Result<void> check_uploads();
  Result<void> check_pulls();
  Result<void> check_deleted();
  Result<void> check_doomed();
  Result<void> check_usage();
  Result<bool> is_named(const RepositoryName& repository, const Digest& blob,
                        EdgeKind (*kind_of)(EdgeKind)) const;
  Result<std::optional<std::uint64_t>> link_size(const RepositoryName& repository,
                                                 const Digest& digest, bool manifest) const;
  Result<std::optional<Time>> due_of(const Doomed& row) const;
  /// Of a manifest that is there, or of one that was deleted.
  Result<std::optional<ManifestLinkRow>> parent_link(const RepositoryName& repository,
                                                     const Digest& digest, EdgeKind kind) const;

  View view_;
  Sequence sequence_ = 0;
  std::vector<std::string> findings_;
  std::map<std::string, Usage> counted_;
  StoreUsage counted_in_store_;
};

/// Calls `look(key, row)` with each row; false from it says that the key is damaged.
template <class Row, class Look>
Result<void> Checker::each(Family family, Look look) {
  Scan scan(view_, family, {});
  for (; scan.valid(); scan.next()) {
    const std::string where = std::string(name_of(family)) + ": " + shown(scan.key());
    const Result<Row> row = decode<Row>(scan.value());
    if (!row) {
      demand(false, where + ": " + row.error().message);
      continue;
    }
    SHALE_TRY_ASSIGN(const bool sound, look(Decoder(scan.key()), *row));
    demand(sound, where + ": damaged key");
  }
  return scan.status();
}

}  // namespace shale::index::rocks
