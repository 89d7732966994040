#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "server/index/metadata_store.h"
#include "server/index/rocks/repair.h"

namespace shale::index {

namespace rocks {
struct Environment;
}  // namespace rocks

enum class Durability : std::uint8_t {
  kSynced,   ///< a commit that returned survives a power cut
  kRelaxed,  ///< it survives the end of the process, and a power cut some seconds later
};

struct RocksOptions {
  std::filesystem::path path;  ///< a directory of its own; made when it is not there
  const Clock& clock;          ///< must outlive the store
  std::chrono::milliseconds lease = std::chrono::minutes(10);
  StorePolicy policy{};
  Durability durability = Durability::kSynced;
  std::size_t block_cache_bytes = std::size_t{8} << 20;
  std::size_t row_cache_bytes = std::size_t{2} << 20;
  /// What may wait in memory to be written to sorted files, all families together.
  /// A start after a crash replays about twice as much.
  std::size_t write_buffer_bytes = std::size_t{8} << 20;
  /// Gets what RocksDB warns of, on any thread; empty to hear nothing.
  // NOLINTNEXTLINE(readability-redundant-member-init): as below.
  std::function<void(std::string_view)> warn = {};
  /// Told how long each sync of the log took, on the thread that made it; empty: nobody is.
  // NOLINTNEXTLINE(readability-redundant-member-init): as below.
  std::function<void(std::chrono::nanoseconds)> synced = {};
  /// Runs before each sync of the log; an error counts as the sync's own. For tests.
  // NOLINTNEXTLINE(readability-redundant-member-init): lets designated initializers omit it.
  std::function<Result<void>()> before_sync = {};
  /// Outlives the store; null for the real one. See rocks/environment.h. For tests.
  rocks::Environment* environment = nullptr;
};

/// `MetadataStore` in RocksDB. The key schema is in server/index/README.md.
///
/// One process has the directory open at a time. Commits build and write their
/// batch one after the other, then wait together for the log to be synced. When a
/// write or a sync fails, that commit gives `kIo` or `kNoSpace`, it may or may not
/// be there after opening anew, and until then all further ones give
/// `kUnavailable`; reads go on. Thread-safe.
class RocksMetadataStore final : public MetadataStore {
 public:
  /// Opens the store, making it where there is none. Reads no rows but those that
  /// were written last, so it does not take longer the more is stored.
  /// `kUnavailable` when another process has it open, `kInvalidArgument` when a
  /// newer version has written it, `kCorrupt`, `kIo`, `kNoSpace`; details say
  /// which directory and what to do.
  static Result<std::unique_ptr<RocksMetadataStore>> open(RocksOptions options);

  /// Syncs what is written, also when durability is relaxed, and writes it to sorted
  /// files, so that the next start has nothing to replay.
  ~RocksMetadataStore() override;
  RocksMetadataStore(const RocksMetadataStore&) = delete;
  RocksMetadataStore& operator=(const RocksMetadataStore&) = delete;

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
  EngineReport engine_report() const override;
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

  Result<std::vector<std::string>> check() const override;

  /// Makes all rows agree again, from the bytes of manifests and blobs on: see "Repair" in
  /// README.md. How many rows were changed. Commits wait until it is over. After an error,
  /// or a kill, it is to be done again.
  Result<std::uint64_t> repair(const RepairSources& sources);

  /// How often the log was synced for commits: fewer times than there were
  /// commits, when they came at the same time.
  std::uint64_t syncs() const noexcept;

 private:
  struct State;
  explicit RocksMetadataStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace shale::index
