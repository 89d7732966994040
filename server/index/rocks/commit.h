#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/write_batch.h>

#include "server/index/rocks/database.h"
#include "server/index/rocks/rows.h"

namespace shale::index::rocks {

/// One commit on its way: reads what it has to know, gathers what it changes, and
/// gives it out as one batch. Each operation reads the store as it was before the
/// commit, so at most one operation (besides `drop_upload`) goes into a commit,
/// and each changes a row at most once or puts it last.
///
/// One thread at a time, and no other commit in between: the reads are the checks.
/// The work is proportional to the edges and tags that change, never to what the
/// repository or the store holds.
class Commit {
 public:
  /// `database` and `policy` must outlive this.
  Commit(const Database& database, const StorePolicy& policy, Sequence sequence, Time now,
         std::chrono::milliseconds lease)
      : view_(database),
        policy_(policy),
        sequence_(sequence),
        now_(now),
        lease_(lease),
        due_(now + lease) {}

  /// With the bytes, they are kept too, also over what is there: it may be damaged.
  Result<void> link_blob(const RepositoryName& repository, const Digest& digest, std::uint64_t size,
                         const std::optional<std::string>& bytes);
  Result<void> mount_blob(const RepositoryName& from, const RepositoryName& to,
                          const Digest& digest);
  Result<void> put_manifest(const PutManifest& request);
  Result<void> move_tag(const MoveTag& request);
  Result<void> delete_tag(const RepositoryName& repository, const Tag& tag, const By& by);
  Result<void> delete_manifest(const RepositoryName& repository, const Digest& digest,
                               const By& by);
  Result<void> restore_manifest(const RestoreManifest& request);
  Result<void> delete_blob(const RepositoryName& repository, const Digest& digest);
  /// Whether a deleted manifest other than `besides`, which may be null, names the blob.
  static Result<bool> is_kept(const View& view, const RepositoryName& repository,
                              const Digest& blob, const Digest* besides);
  void drop_upload(const UploadId& id);
  /// One step of `MetadataStore::collect`.
  Result<Collected> collect(const Doomed& doomed);

  /// `kQuotaExceeded` when what the operation adds is more than one of the quotas
  /// of the repositories that it changes leaves. An empty function allows all.
  Result<void> demand_quotas(
      const std::function<std::vector<Quota>(const RepositoryName&)>& quotas) const;

  /// Everything, with the counters and the sequence. Nothing may follow.
  Result<rocksdb::WriteBatch> finish();

 private:
  using Rows = std::vector<std::pair<EdgeKind, Digest>>;

  template <class Row>
  void put(Family family, std::string_view key, const Row& row) {
    put_bytes(family, key, encode(row));
  }
  void put_bytes(Family family, std::string_view key, const std::string& value);
  void erase(Family family, std::string_view key);

  // Blobs: commit_blobs.cc.
  Result<bool> is_named(const RepositoryName& repository, const Digest& blob,
                        const Digest* besides) const;
  Result<std::optional<BlobLinkRow>> find_link(const RepositoryName& repository,
                                               const Digest& digest) const;
  void put_link(const RepositoryName& repository, const Digest& digest, BlobLinkRow row,
                std::optional<Time> due);
  void hide(const RepositoryName& repository, const Digest& digest, const BlobLinkRow& row);
  void show(const RepositoryName& repository, const Digest& digest, BlobLinkRow row,
            std::optional<Time> due);
  Result<void> spare(const RepositoryName& repository, const Digest& blob);
  Result<void> need_content(const Digest& digest, std::uint64_t size, bool small);
  Result<void> gain_holder(Family holders, const RepositoryName& repository, const Digest& digest,
                           std::uint64_t size);
  Result<bool> lose_holder(Family holders, const RepositoryName& repository, const Digest& digest,
                           std::uint64_t size);
  Result<std::vector<std::string>> other_holders(Family holders, const RepositoryName& repository,
                                                 const Digest& digest) const;

  /// Whether somebody else has the bytes still.
  Result<bool> unlink(const RepositoryName& repository, const Digest& digest,
                      const BlobLinkRow& row);

  // Collection: commit_collection.cc.
  Result<Collected> collect_link(const Doomed& doomed);
  Result<Collected> collect_blob(const Doomed& doomed);
  Result<Collected> collect_file(const Doomed& doomed);
  Result<Collected> collect_deleted(const Doomed& doomed);
  Result<Collected> collect_untagged(const Doomed& doomed);
  Result<Collected> forget(const Digest& digest);

  // Manifests and tags: commit_manifests.cc.
  Result<void> demand_references(const PutManifest& request) const;
  Result<void> demand_moves(const PutManifest& request) const;
  Result<void> demand_of_manifest(const Condition& condition, const RepositoryName& repository,
                                  const Digest& digest) const;
  Result<std::optional<Digest>> named_by(const RepositoryName& repository, const Tag& tag) const;
  Result<Rows> edges_of(const RepositoryName& repository, const Digest& parent) const;
  Result<void> gain_manifest(const RepositoryName& repository, const Manifest& manifest);
  Result<void> replace_edges(const PutManifest& request);
  void put_edge(const PutManifest& request, const Edge& edge);
  Result<void> demand_unused(const RepositoryName& repository, const Digest& digest,
                             const ManifestLinkRow& link, const AsSeen& seen) const;
  void erase_edge(const RepositoryName& repository, const Digest& parent, EdgeKind kind,
                  const Digest& child);
  Result<void> put_tag(const RepositoryName& repository, const Tag& tag, const Digest& to,
                       const std::string& actor);
  Result<void> erase_tag(const RepositoryName& repository, const Tag& tag, const Digest& target,
                         const std::string& actor);
  Result<std::vector<Tag>> tags_of(const RepositoryName& repository, const Digest& digest) const;
  Result<void> lose_manifest(const RepositoryName& repository, const Digest& digest,
                             std::uint64_t size);

  // Manifests that go: commit_deletion.cc.
  Result<void> keep(const RepositoryName& repository, const Digest& digest,
                    const ManifestLinkRow& link, const Rows& edges, const std::vector<Tag>& tags,
                    const By& by, Time due);
  Result<void> mark_edges(const RepositoryName& repository, const Digest& parent, const Rows& edges,
                          EdgeKind (*mark)(EdgeKind));
  Result<void> release(const RepositoryName& repository, const Digest& blob, const Digest& besides);
  void drop_deleted(const RepositoryName& repository, const Digest& digest,
                    const DeletedRow& deleted);

  // Manifests without a tag: commit_untagged.cc.
  std::optional<Time> untagged_until(const RepositoryName& repository) const;
  void put_manifest_link(const RepositoryName& repository, const Digest& digest,
                         ManifestLinkRow row, std::optional<Time> due);
  Result<void> spare_manifest(const RepositoryName& repository, const Digest& digest);
  Result<void> doom_untagged(const RepositoryName& repository, const Digest& digest,
                             const std::set<Tag>& but, const Digest* besides, Time due);
  Result<void> doom_left(const RepositoryName& repository);
  Result<void> doom_dependants(const RepositoryName& repository, const Digest& parent,
                               const Rows& edges);
  Result<bool> has_keeper(const RepositoryName& repository, const Digest& digest,
                          const std::set<Tag>& but, const Digest* besides) const;

  Result<void> settle_usage(const std::string& repository, const Usage& change);
  Result<void> settle_namespaces();  // namespaces.cc

  View view_;
  const StorePolicy& policy_;
  Sequence sequence_;
  Time now_;
  std::chrono::milliseconds lease_;
  Time due_;  ///< of what loses its last edge now
  rocksdb::WriteBatch batch_;
  const Manifest* pushed_ = nullptr;      ///< by this commit, so that the view does not show it
  std::map<Digest, std::set<Tag>> left_;  ///< manifests that lose tags, and which
  std::map<std::string, Usage> usage_;    ///< what changes, by repository
  StoreUsage store_usage_;                ///< what changes
};

}  // namespace shale::index::rocks
