#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "blobstore/guarded.h"
#include "server/index/metadata_store.h"

namespace shale::index {

/// The store as plain maps, counting by looking at everything: for tests, and as
/// the model that other stores are compared with. Nothing survives it.
/// Thread-safe. `clock` must outlive it.
class MemoryMetadataStore final : public MetadataStore {
 public:
  explicit MemoryMetadataStore(const Clock& clock,
                               std::chrono::milliseconds lease = std::chrono::minutes(10),
                               StorePolicy policy = {})
      : clock_(clock), lease_(lease), policy_(std::move(policy)) {}

  Result<Descriptor> find_manifest(const RepositoryName& repository,
                                   const Reference& reference) const override;
  Result<StoredManifest> read_manifest(const RepositoryName& repository,
                                       const Reference& reference) const override;
  Result<BlobLink> find_blob(const RepositoryName& repository, const Digest& digest) const override;
  Result<std::optional<std::string>> read_small_blob(const Digest& digest) const override;
  Result<std::optional<StoredBlob>> find_stored_blob(const Digest& digest) const override;
  Result<bool> repository_exists(const RepositoryName& repository) const override;
  Result<UploadRow> find_upload(const UploadId& id) const override;
  Result<Usage> usage(const RepositoryName& repository) const override;
  Result<StoreUsage> store_usage() const override;
  Sequence sequence() const override;
  Result<Usage> usage_below(std::string_view name_space) const override;
  Result<std::optional<TagMove>> find_move(const RepositoryName& repository, const Tag& tag,
                                           Time at) const override;
  Result<std::optional<DeletedManifest>> find_deleted(const RepositoryName& repository,
                                                      const Digest& digest) const override;

  Result<Page<Tag>> list_tags(const RepositoryName& repository, std::string_view after,
                              std::size_t limit) const override;
  Result<Page<RepositoryName>> list_repositories(std::string_view after,
                                                 std::size_t limit) const override;
  Result<Page<Referrer>> list_referrers(const RepositoryName& repository, const Digest& subject,
                                        const ReferrersQuery& query) const override;
  Result<Page<RepositoryName>> list_repositories_of_blob(const Digest& digest,
                                                         std::string_view after,
                                                         std::size_t limit) const override;
  Result<bool> is_held_elsewhere(const RepositoryName& repository,
                                 const Digest& digest) const override;
  Result<bool> is_kept_by_history(const RepositoryName& repository,
                                  const Digest& blob) const override;
  Result<std::vector<TagMove>> tag_history(const RepositoryName& repository, const Tag& tag,
                                           std::size_t limit) const override;
  Result<std::vector<Doomed>> list_doomed(Time now, std::size_t limit,
                                          const DoomedQuery& query) const override;
  Result<std::vector<UploadRow>> list_uploads() const override;
  Result<Page<ListedManifest>> list_manifests(const RepositoryName& repository,
                                              const std::optional<Digest>& after,
                                              std::size_t limit) const override;
  Result<Page<BlobLink>> list_links(const RepositoryName& repository,
                                    const std::optional<Digest>& after,
                                    std::size_t limit) const override;
  Result<Page<Tag>> list_moved_tags(const RepositoryName& repository, std::string_view after,
                                    std::size_t limit) const override;
  Result<std::vector<Tag>> list_tags_of(const RepositoryName& repository,
                                        const Digest& digest) const override;
  Result<std::vector<Edge>> list_edges(const RepositoryName& repository,
                                       const Digest& digest) const override;
  Result<std::vector<Parent>> list_parents(const RepositoryName& repository,
                                           const Digest& digest) const override;
  Result<Page<StoredBlob>> list_blobs(const std::optional<Digest>& after,
                                      std::size_t limit) const override;
  Result<Page<DeletedManifest>> list_deleted(const RepositoryName& repository,
                                             const std::optional<Digest>& after,
                                             std::size_t limit) const override;

  Result<void> open_upload(const UploadRow& row) override;
  Result<void> close_upload(const UploadId& id) override;
  Result<void> record_pulls(const std::vector<Pull>& pulls) override;

  Result<Sequence> link_blob(const LinkBlob& request) override;
  Result<Sequence> mount_blob(const RepositoryName& from, const RepositoryName& to,
                              const Digest& digest) override;
  Result<Sequence> put_manifest(const PutManifest& request) override;
  Result<Sequence> delete_tag(const RepositoryName& repository, const Tag& tag,
                              const By& by) override;
  Result<Sequence> delete_manifest(const RepositoryName& repository, const Digest& digest,
                                   const By& by) override;
  Result<Sequence> restore_manifest(const RestoreManifest& request) override;
  Result<Sequence> move_tag(const MoveTag& request) override;
  Result<Sequence> delete_blob(const RepositoryName& repository, const Digest& digest,
                               Synced synced = Synced::kNow) override;

  Result<Collected> collect(const Doomed& doomed) override;
  Result<void> file_removed(const Doomed& doomed) override;
  Result<void> sync() override;

  /// Always empty: nothing is kept twice here.
  Result<std::vector<std::string>> check() const override { return std::vector<std::string>{}; }

 private:
  struct Deleted {
    Manifest manifest;
    DeletedManifest row;
  };
  struct Repository {
    std::map<Digest, Manifest> manifests;
    std::map<Digest, std::uint64_t> blobs;  ///< size in bytes
    std::map<Tag, Digest> tags;
    std::map<Digest, Time> pushed;  ///< manifests, when last
    std::map<Digest, Time> pulled;  ///< likewise, where it was told
    std::map<Digest, Deleted> deleted;
    std::set<Digest> hidden;          ///< those of the blobs that only `deleted` names, or not even
    std::map<Digest, Time> untagged;  ///< manifests that are doomed for it

    bool exists() const { return !manifests.empty() || blobs.size() > hidden.size(); }
    bool shows(const Digest& blob) const { return blobs.contains(blob) && !hidden.contains(blob); }
    bool names_blob(const Digest& digest) const;
    bool keeps_blob(const Digest& digest) const;      ///< by a deleted manifest
    bool keeps_manifest(const Digest& digest) const;  ///< by a tag, an index or its subject
    bool lists(const Digest& manifest) const;
  };
  struct State {
    std::map<RepositoryName, Repository> repositories;
    std::map<Digest, std::uint64_t> blobs;  ///< size in bytes
    std::map<Digest, std::string> small_blobs;
    /// Whose lease runs, and until when: by repository (empty: the bytes) and digest.
    std::map<std::pair<std::string, Digest>, Time> leases;
    std::map<Digest, std::set<Time>> files;  ///< doomed ones, of which nothing else is known
    std::map<std::pair<RepositoryName, Tag>, std::vector<TagMove>> history;  ///< oldest first
    std::map<UploadId, UploadRow> uploads;
    Sequence sequence = 0;

    const Repository* find(const RepositoryName& name) const;
    const Manifest* find(const RepositoryName& name, const Reference& reference) const;
    /// Of what the repository has at the end of the edge.
    std::optional<std::uint64_t> size_of(const RepositoryName& name, const Edge& edge) const;
    bool is_linked(const Digest& blob) const;
    std::optional<Digest> named(const RepositoryName& name, const Reference& reference) const;
    std::vector<RepositoryName> names() const;
    Usage usage_of(const RepositoryName& name) const;
    Usage usage_below(std::string_view name_space) const;
  };

  Result<Collected> collect_manifest(State& state, const Doomed& doomed) const;
  static Collected forget(State& state, const Digest& digest, Time now);
  /// An error when a quota of the repository leaves less than is asked for.
  Result<void> demand_room(const State& state, const RepositoryName& repository, std::int64_t bytes,
                           std::int64_t tags) const;
  /// The same for a manifest with its tags, and for a blob.
  Result<void> demand_room(const State& state, const PutManifest& request) const;
  Result<void> demand_room(const State& state, const RepositoryName& repository, const Digest& blob,
                           std::uint64_t size) const;
  Sequence link(State& state, const RepositoryName& repository, const Digest& digest,
                std::uint64_t size) const;
  void move_tag(State& state, const RepositoryName& repository, const Tag& tag,
                const std::optional<Digest>& digest, const std::string& actor) const;
  /// Of one that the repository has, and whose tags are erased.
  void take_away(State& state, const RepositoryName& repository, const Digest& digest,
                 std::vector<Tag> tags, const By& by) const;
  std::optional<Time> untagged_until(const RepositoryName& repository) const;
  void doom_untagged(Repository& repository, const Digest& digest, std::optional<Time> due) const;
  /// Ends a commit: enters what has no edge any more, drops what has one again.
  Sequence settle(State& state) const;

  const Clock& clock_;
  std::chrono::milliseconds lease_;
  StorePolicy policy_;
  Guarded<State> state_;
};

}  // namespace shale::index
