#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobstore/clock.h"
#include "blobstore/digest.h"
#include "blobstore/result.h"
#include "blobstore/upload_id.h"
#include "server/index/descriptor.h"
#include "server/index/engine_report.h"
#include "server/index/listings.h"
#include "server/index/names.h"
#include "server/index/policy.h"

namespace shale::index {

/// Counts commits. History, events and backups name states of the store by it.
using Sequence = std::uint64_t;

struct Edge {
  EdgeKind kind;
  Descriptor target;
  /// Off for subjects and for layers that are never pushed (non-distributable).
  bool must_exist = true;

  friend bool operator==(const Edge&, const Edge&) = default;
};

using Annotations = std::vector<std::pair<std::string, std::string>>;

/// A manifest with all that its bytes say of other content, so that nobody has
/// to parse them again.
struct Manifest {
  Descriptor descriptor;
  std::string bytes;          ///< exactly as pushed
  std::string artifact_type;  ///< its own or derived (spec, "Listing Referrers"); may be empty
  Annotations annotations;
  std::vector<Edge> edges;  ///< at most one of kind kSubject
};

/// What is given out: the bytes as pushed and the type they were pushed with.
struct StoredManifest {
  Descriptor descriptor;
  std::string bytes;
};

struct BlobLink {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  bool doomed = false;     ///< no manifest of the repository names it: it goes when its lease ends
};

struct Referrer {
  Descriptor descriptor;
  std::string artifact_type;
  Annotations annotations;

  friend bool operator==(const Referrer&, const Referrer&) = default;
};

/// Some rows in order. `more` says that others follow the last of them; a page of
/// none (limit 0) says nothing of the kind.
template <class T>
struct Page {
  std::vector<T> items;
  bool more = false;
};

struct ReferrersQuery {
  std::optional<Digest> after;              ///< begin behind this one; none: at the start
  std::vector<std::string> artifact_types;  ///< any of these; empty: all
  std::size_t max_items = 1000;
  std::size_t max_bytes = std::size_t{1} << 20;  ///< of encoded descriptors, roughly
};

/// One move of a tag. No digest means that it was deleted.
struct TagMove {
  Sequence sequence = 0;
  Time time;
  std::string actor;
  std::optional<Digest> digest;

  friend bool operator==(const TagMove&, const TagMove&) = default;
};

/// Sizes in bytes. A blob or manifest counts once per repository that has it.
/// `unique` is the part that no other repository has: what deleting the
/// repository would free. `logical - unique` is shared.
struct Usage {
  std::int64_t manifests = 0;
  std::int64_t tags = 0;
  std::int64_t blobs = 0;
  std::int64_t logical = 0;
  std::int64_t unique = 0;
  std::int64_t pinned = 0;  ///< the part of `logical` that only history needs; not in the counts

  friend bool operator==(const Usage&, const Usage&) = default;
};

/// The whole store: every blob and manifest once. A blob counts as long as its
/// bytes are stored, so also while they are doomed.
struct StoreUsage {
  std::int64_t repositories = 0;
  std::int64_t manifests = 0;
  std::int64_t blobs = 0;
  std::int64_t bytes = 0;

  friend bool operator==(const StoreUsage&, const StoreUsage&) = default;
};

/// Something that lost its last edge, and when it may go.
struct Doomed {
  enum class Kind : std::uint8_t {
    kLink = 1,      ///< a blob's link into `repository`: no manifest there names it
    kBlob = 2,      ///< a blob's bytes: no repository links it
    kFile = 3,      ///< a blob's file, which the metadata have forgotten already
    kDeleted = 4,   ///< a manifest that was deleted: its history ends
    kUntagged = 5,  ///< a manifest that has lost its last tag
  };
  Time due;
  Kind kind;
  std::string repository;  ///< empty for kBlob and kFile
  Digest digest;

  friend auto operator<=>(const Doomed&, const Doomed&) = default;
};

/// Which of the doomed are listed besides those that are due, and from where on.
struct DoomedQuery {  // NOLINTBEGIN(readability-redundant-member-init): may be left out
  std::chrono::milliseconds early{0};  ///< also those that a lease holds for no longer than this
  std::optional<Doomed> after{};       ///< begin behind this one; none: at the start
};  // NOLINTEND(readability-redundant-member-init)

/// Whether a lease has it wait, rather than a policy.
constexpr bool is_leased(Doomed::Kind kind) {
  return kind < Doomed::Kind::kDeleted;
}

struct UploadRow {
  UploadId id;
  RepositoryName repository;
  Time started;

  friend bool operator==(const UploadRow&, const UploadRow&) = default;
};

struct LinkBlob {
  RepositoryName repository;
  Digest digest;
  std::uint64_t size = 0;          ///< bytes
  std::optional<UploadId> upload;  ///< removed by the same commit
  /// The blob itself, where it is so small that it is better kept here than in a
  /// file of its own. None: the blob store has it.
  std::optional<std::string> bytes = std::nullopt;
};

/// What a push may do to tags that are there already.
enum class TagMoves : std::uint8_t {
  kAny,
  kNewOnly,  ///< make new ones, and confirm those that name this very manifest
};

struct PutManifest {
  RepositoryName repository;
  Manifest manifest;
  std::vector<Tag> tags;       ///< all moved by the same commit; may be empty
  std::string actor;           ///< who, for the history
  bool allow_missing = false;  ///< accept references that are not there (sparse images)
  TagMoves tag_moves = TagMoves::kAny;
  Condition condition{};
};

/// Lets a tag name a manifest that the repository has.
struct MoveTag {
  RepositoryName repository;
  Tag tag;
  Digest to;
  std::string actor;
  TagMoves tag_moves = TagMoves::kAny;
  Condition condition{};
};

/// Brings back a manifest that was deleted.
struct RestoreManifest {
  RepositoryName repository;
  Digest digest;
  std::vector<Tag> tags;  ///< that are to name it, by the same commit
  std::string actor;
};

/// Repositories, tags, blob links, manifest edges, referrers and their history.
///
/// Every commit (`link_blob` to `delete_blob`) is atomic, numbered, and synced to
/// disk when it returns, so it may block; on an error nothing has changed. (After
/// `kIo` and `kNoSpace` only opening anew tells whether it has.) One that finds its
/// work done is numbered too.
/// Whatever loses its last edge is entered as doomed by the same commit, due
/// `lease` later (an option of the implementation); what gains one leaves it.
/// A repository exists while it has a manifest or a blob link.
///
/// A deleted manifest is out of sight at once. As long as `StorePolicy::history` says, it
/// can be restored, with the blobs that it names: those that no other manifest names go
/// out of sight when their lease ends, and stay.
///
/// Point reads (`find_manifest` to `usage`) do not wait for commits. Thread-safe.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  // --- point reads ---

  /// Without the bytes. `kManifestUnknown`, also where the repository is not there.
  virtual Result<Descriptor> find_manifest(const RepositoryName& repository,
                                           const Reference& reference) const = 0;
  virtual Result<StoredManifest> read_manifest(const RepositoryName& repository,
                                               const Reference& reference) const = 0;
  /// `kBlobUnknown` unless the blob is linked into this very repository.
  virtual Result<BlobLink> find_blob(const RepositoryName& repository,
                                     const Digest& digest) const = 0;
  /// The bytes of a blob that was linked with them, whoever has it; else none.
  virtual Result<std::optional<std::string>> read_small_blob(const Digest& digest) const = 0;
  /// What is known of a blob's bytes, whoever has it, also while it is doomed; else none.
  virtual Result<std::optional<StoredBlob>> find_stored_blob(const Digest& digest) const = 0;
  virtual Result<bool> repository_exists(const RepositoryName& repository) const = 0;
  virtual Result<UploadRow> find_upload(const UploadId& id) const = 0;  ///< or `kUploadUnknown`
  virtual Result<Usage> usage(const RepositoryName& repository) const = 0;
  virtual Result<StoreUsage> store_usage() const = 0;
  virtual Sequence sequence() const = 0;
  /// Quick, and without waiting for commits.
  virtual EngineReport engine_report() const { return {}; }
  /// Sums over all repositories of a namespace, itself one of them; over all there
  /// are for the empty one. No scan.
  virtual Result<Usage> usage_below(std::string_view name_space) const = 0;
  /// The newest move of the tag that is not later than `at`; none: it had never moved.
  virtual Result<std::optional<TagMove>> find_move(const RepositoryName& repository, const Tag& tag,
                                                   Time at) const = 0;
  /// A manifest that history keeps; none: it was not deleted, or is gone for good.
  virtual Result<std::optional<DeletedManifest>> find_deleted(const RepositoryName& repository,
                                                              const Digest& digest) const = 0;

  // --- scans, in the byte order of what they list; cost as much as they return ---

  /// Tags strictly after `after` (any text), at most `limit`. `kNameUnknown`
  /// when the repository does not exist.
  virtual Result<Page<Tag>> list_tags(const RepositoryName& repository, std::string_view after,
                                      std::size_t limit) const = 0;
  virtual Result<Page<RepositoryName>> list_repositories(std::string_view after,
                                                         std::size_t limit) const = 0;
  /// By digest. Never an error for what is unknown: an empty page.
  virtual Result<Page<Referrer>> list_referrers(const RepositoryName& repository,
                                                const Digest& subject,
                                                const ReferrersQuery& query) const = 0;
  /// Who has this blob, strictly after `after`.
  virtual Result<Page<RepositoryName>> list_repositories_of_blob(const Digest& digest,
                                                                 std::string_view after,
                                                                 std::size_t limit) const = 0;
  /// Whether another repository has the bytes of this blob or manifest, be it in its history.
  virtual Result<bool> is_held_elsewhere(const RepositoryName& repository,
                                         const Digest& digest) const = 0;
  /// Whether a manifest that the repository's history keeps names the blob.
  virtual Result<bool> is_kept_by_history(const RepositoryName& repository,
                                          const Digest& blob) const = 0;
  /// Newest first.
  virtual Result<std::vector<TagMove>> tag_history(const RepositoryName& repository, const Tag& tag,
                                                   std::size_t limit) const = 0;
  /// What is due at `now`, the longest overdue first.
  virtual Result<std::vector<Doomed>> list_doomed(Time now, std::size_t limit,
                                                  const DoomedQuery& query) const = 0;
  virtual Result<std::vector<UploadRow>> list_uploads() const = 0;

  // Each of these without an error for a repository that is not there.
  virtual Result<Page<ListedManifest>> list_manifests(const RepositoryName& repository,
                                                      const std::optional<Digest>& after,
                                                      std::size_t limit) const = 0;
  virtual Result<Page<BlobLink>> list_links(const RepositoryName& repository,
                                            const std::optional<Digest>& after,
                                            std::size_t limit) const = 0;
  /// Tags that ever moved, deleted ones among them.
  virtual Result<Page<Tag>> list_moved_tags(const RepositoryName& repository,
                                            std::string_view after, std::size_t limit) const = 0;
  virtual Result<std::vector<Tag>> list_tags_of(const RepositoryName& repository,
                                                const Digest& digest) const = 0;
  /// What a manifest names, also one that was deleted.
  virtual Result<std::vector<Edge>> list_edges(const RepositoryName& repository,
                                               const Digest& digest) const = 0;
  /// Who names it, deleted manifests left out.
  virtual Result<std::vector<Parent>> list_parents(const RepositoryName& repository,
                                                   const Digest& digest) const = 0;
  /// All blobs whose bytes are stored.
  virtual Result<Page<StoredBlob>> list_blobs(const std::optional<Digest>& after,
                                              std::size_t limit) const = 0;

  /// Manifests that history keeps, strictly after `after`.
  virtual Result<Page<DeletedManifest>> list_deleted(const RepositoryName& repository,
                                                     const std::optional<Digest>& after,
                                                     std::size_t limit) const = 0;

  // --- uploads; not synced, for an upload is no promise yet ---

  virtual Result<void> open_upload(const UploadRow& row) = 0;
  /// One that is not there is no error.
  virtual Result<void> close_upload(const UploadId& id) = 0;

  // --- times of pulls; not synced, and not a commit ---

  /// An older time than the one known changes nothing, nor does a manifest that is not there.
  virtual Result<void> record_pulls(const std::vector<Pull>& pulls) = 0;

  // --- commits ---

  /// Shows a stored blob in a repository. Once more is no error and renews the lease.
  /// `kCorrupt` when the blob is known with another size.
  virtual Result<Sequence> link_blob(const LinkBlob& request) = 0;
  /// Shows a blob of `from` in `to` too. `kBlobUnknown` when `from` does not have it.
  virtual Result<Sequence> mount_blob(const RepositoryName& from, const RepositoryName& to,
                                      const Digest& digest) = 0;
  /// `kManifestBlobUnknown`, one detail for each reference that must exist and
  /// does not; `kManifestInvalid`, one for each that exists with another size than
  /// it is described with (subjects are not looked at); `kTagExists` when a tag that
  /// names another manifest would move and `tag_moves` forbids it. The same manifest again is
  /// no error; only tags that really move enter the history.
  virtual Result<Sequence> put_manifest(const PutManifest& request) = 0;
  /// `kManifestUnknown` when there is no such tag. The manifest stays.
  virtual Result<Sequence> delete_tag(const RepositoryName& repository, const Tag& tag,
                                      const By& by) = 0;
  /// With every tag that names it. `kManifestUnknown`. Kept as the history says.
  virtual Result<Sequence> delete_manifest(const RepositoryName& repository, const Digest& digest,
                                           const By& by) = 0;
  /// As it was, with what it names. `kManifestUnknown` when history does not have it;
  /// `kTagExists` when one of the tags names another manifest.
  virtual Result<Sequence> restore_manifest(const RestoreManifest& request) = 0;
  /// `kManifestUnknown` when the manifest is not in the repository; `kTagExists` as of
  /// `put_manifest`. A tag that names it already is no error and enters no history.
  virtual Result<Sequence> move_tag(const MoveTag& request) = 0;
  /// Removes the link. `kBlobUnknown`, or `kBlobReferenced` while a manifest of
  /// this repository names the blob.
  virtual Result<Sequence> delete_blob(const RepositoryName& repository, const Digest& digest,
                                       Synced synced = Synced::kNow) = 0;

  // --- collection; see server/index/README.md, "Collection" ---

  /// Takes one step with a row of `list_doomed`, if what it says still holds. A commit
  /// that is not synced when this returns: `sync` makes it durable, and until then no
  /// file may be removed. Never fails for what is not there any more.
  /// The history of a deleted manifest ends by it whenever it is called.
  virtual Result<Collected> collect(const Doomed& doomed) = 0;
  /// After the file of a `kFile` row was removed. Not synced: the row may come again.
  virtual Result<void> file_removed(const Doomed& doomed) = 0;
  /// Returns when every commit that was made before is on disk.
  virtual Result<void> sync() = 0;

  /// Reads everything and says what contradicts itself: empty when all is well.
  /// Costs as much as the store holds.
  virtual Result<std::vector<std::string>> check() const = 0;
};

}  // namespace shale::index
