#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/current.h"
#include "server/index/metadata_store.h"
#include "server/registry/activity.h"
#include "server/registry/collection.h"
#include "server/registry/deletions.h"
#include "server/registry/retention_run.h"
#include "server/registry/room.h"
#include "server/registry/rules.h"
#include "server/registry/scrub_desk.h"
#include "server/registry/tag_past.h"
#include "server/registry/usage_report.h"

namespace shale::registry {

/// No blob in the metadata store is or was larger than this, in bytes.
inline constexpr std::size_t kSmallBlobLimit = std::size_t{64} << 10;

struct Options {
  bool allow_sparse = false;  ///< accept manifests whose references are not here
  Deletes deletes = {};
  std::size_t manifest_bytes = std::size_t{4} << 20;            ///< the largest manifest taken
  std::size_t tags_per_push = 100;                              ///< `?tag=` parameters of one PUT
  std::chrono::seconds upload_expiry = std::chrono::hours{24};  ///< idle uploads go then
  /// Blobs of up to so many bytes live in the metadata store, at most `kSmallBlobLimit`.
  std::size_t small_blob_bytes = std::size_t{32} << 10;
  /// How long what nobody names stays, so that a client which learnt of it can name it.
  /// The same as the metadata store's.
  std::chrono::milliseconds lease = std::chrono::minutes{10};
  /// The same that the metadata store keeps to, for refusals before the bytes come.
  // NOLINTNEXTLINE(readability-redundant-member-init): else g++ wants it named everywhere.
  std::vector<index::Quota> quotas = {};
  /// Shared with the store, which asks for some of them within commits. Never null.
  std::shared_ptr<const Rules> rules = std::make_shared<const Rules>();
};

/// A blob ready to be sent.
struct OpenBlob {
  index::BlobLink link;
  std::shared_ptr<const Blob> blob;
};

struct UploadStatus {
  UploadId id;
  std::uint64_t offset = 0;  ///< bytes received
};

/// Where a chunk says it belongs: both ends included.
struct ChunkRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// One request's hold on an upload: nobody else can write to it meanwhile.
/// Ended by `pause` or `commit`, whatever they return; to use it afterwards is a
/// bug. Destroying one that was not ended lets go of the upload and keeps the
/// bytes that came: do so before an error is answered, for the client's next
/// request may follow at once. Must not outlive its `Registry`. One thread at a time.
class UploadWriter {
 public:
  virtual ~UploadWriter() = default;

  // Each of these: `kUploadUnknown` after the upload was cancelled.

  /// `kSizeMismatch` past the end of the announced chunk; `kNoSpace`; `kIo`. Of a
  /// piece that is refused, nothing is taken.
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;

  /// Ends a chunk. `kSizeMismatch` when fewer bytes came than announced: the ones
  /// that came stay, and `upload_status` tells where to go on.
  virtual Result<UploadStatus> pause() = 0;

  /// Ends the upload: verified, on disk and linked into the repository when this
  /// returns. `kDigestMismatch` publishes nothing and drops the upload, since no
  /// request could take the wrong bytes out of it again; so does everything else
  /// that uses the bytes up. `kSizeMismatch`, as of `pause`, keeps it.
  virtual Result<index::BlobLink> commit(const Digest& expected) = 0;
};

/// Which repositories the caller of a mount may pull from.
using MayPull = std::function<bool(const index::RepositoryName&)>;

struct PushedManifest {
  Digest digest;
  std::optional<Digest> subject;
  std::vector<index::Tag> tags;  ///< moved or confirmed by this push, each once
};

struct PushManifest {
  index::RepositoryName repository;
  index::Reference reference;
  std::vector<index::Tag> tags;   ///< further ones, from `?tag=`; only with a digest
  std::string_view content_type;  ///< the header as sent; may be empty
  std::string_view bytes;
  std::string actor;
  index::TagMoves tag_moves = index::TagMoves::kAny;
  index::Condition condition = {};
};

/// What a registry does, with the rules of the distribution spec and of this
/// product, and without HTTP. Borrows its stores and its clock. Thread-safe. Functions marked
/// "point read" are quick; the others may sync, scan or wait.
class Registry {
 public:
  Registry(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
           const Options& options);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Those in force. To be asked for anew by whoever wants to see changes.
  std::shared_ptr<const Options> options() const;
  /// Takes over what requests are judged by: sparse manifests, deletes, limits, quotas and
  /// rules, and how long uploads last. Leases and small blobs need a new registry.
  void adjust(const Options& options);
  /// While it is on, nothing is changed by the registry itself: no collection, retention,
  /// expiry of uploads or times of pulls, and scrubs only tell. Clients are kept out by whoever
  /// calls `demand_writable` when a request comes and again just before it changes something.
  /// Of what has begun only that may end which is past this: a commit that runs, and what
  /// fills an upload without ending it.
  void set_read_only(bool on) noexcept;
  bool read_only() const noexcept;
  /// `kReadOnly` while it is.
  Result<void> demand_writable() const;
  Activity activity() const noexcept;
  /// The number of the last commit: while it stays the same, so does what is listed.
  index::Sequence sequence() const;

  // Pull; point reads. Who asks for a manifest, be it for its head, pulls it: see `store_pulls`.
  Result<index::Descriptor> stat_manifest(const index::RepositoryName& repository,
                                          const index::Reference& reference) const;
  Result<index::StoredManifest> read_manifest(const index::RepositoryName& repository,
                                              const index::Reference& reference) const;
  /// Renews the lease of a blob that no manifest names.
  Result<index::BlobLink> stat_blob(const index::RepositoryName& repository,
                                    const Digest& digest) const;
  /// `kCorrupt` when the repository has the blob and the store has lost it.
  Result<OpenBlob> open_blob(const index::RepositoryName& repository, const Digest& digest) const;

  // Push.

  /// Before a blob of `bytes` bytes is taken in: `kQuotaExceeded` when there is no room.
  Result<void> admit_blob(const index::RepositoryName& repository, const Digest& digest,
                          std::uint64_t bytes) const;
  /// The same before an upload gets so many bytes more; the digest where it is known.
  /// What is wrong with the upload itself, `write_upload` says.
  Result<void> admit_chunk(const index::RepositoryName& repository, const UploadId& id,
                           const std::optional<Digest>& digest, std::uint64_t bytes);
  /// Begins an upload that further requests continue by its id. `algorithm` is a
  /// guess: any other is fine at the end, at the price of reading the bytes again.
  Result<UploadStatus> start_upload(const index::RepositoryName& repository, Algorithm algorithm);
  /// Takes in a blob within one request (`POST ?digest=`). There is no id to come
  /// back for, so whatever is not committed is dropped with the writer, and
  /// `pause` is a bug.
  Result<std::unique_ptr<UploadWriter>> receive_blob(const index::RepositoryName& repository,
                                                     Algorithm algorithm);
  /// Shows a blob of `from` in `repository` too; without `from`, one of any
  /// repository that `may_pull` allows. No link: the client has to upload it,
  /// and cannot tell a blob that it may not pull from one that is not there.
  Result<std::optional<index::BlobLink>> mount(const index::RepositoryName& repository,
                                               const Digest& digest,
                                               const std::optional<index::RepositoryName>& from,
                                               const MayPull& may_pull);
  /// Takes hold of an upload. With `range`, `kUploadRange` unless it begins at the
  /// offset. `kUploadUnknown`, also when it is another repository's; `kUploadBusy`.
  Result<std::unique_ptr<UploadWriter>> write_upload(const index::RepositoryName& repository,
                                                     const UploadId& id,
                                                     std::optional<ChunkRange> range);
  /// What has come so far, also while a writer has the upload. `kUploadUnknown`.
  /// The first time after a restart this reads the bytes, and others that come
  /// meanwhile get `kUploadBusy`.
  Result<UploadStatus> upload_status(const index::RepositoryName& repository, const UploadId& id);
  /// Drops an upload and its bytes. A writer that has it meets `kUploadUnknown` from
  /// its next call on. `kUploadUnknown`; `kUploadBusy` while it is being committed.
  Result<void> cancel_upload(const index::RepositoryName& repository, const UploadId& id);
  /// `kManifestTooLarge`, `kDigestMismatch`, `kManifestInvalid`,
  /// `kManifestBlobUnknown`; `kTagExists`; `kConditionFailed`; `kTooManyTags`, counted after
  /// doubles are merged. Waits while two others of more than 64 KiB are being pushed, when this is
  /// one.
  Result<PushedManifest> push_manifest(const PushManifest& request);

  // Discover; scans. Pages and errors as of `index::MetadataStore`.
  Result<index::Page<index::Tag>> list_tags(const index::RepositoryName& repository,
                                            std::string_view after, std::size_t limit) const;
  Result<index::Page<index::RepositoryName>> list_repositories(std::string_view after,
                                                               std::size_t limit) const;
  Result<index::Page<index::Referrer>> list_referrers(const index::RepositoryName& repository,
                                                      const Digest& subject,
                                                      const index::ReferrersQuery& query) const;

  /// Where tags were, and the way back.
  TagPast& past() const noexcept;
  /// Where the space is. Must not outlive this.
  UsageReport usage_report() const;

  // Delete. `kDisabled` as `Deletes` says; else the errors of `index::MetadataStore`.
  Result<void> delete_manifest(const index::RepositoryName& repository,
                               const index::Reference& reference, const index::By& by);
  Result<void> delete_blob(const index::RepositoryName& repository, const Digest& digest);
  /// Whole images and repositories, and the way back. Must not outlive this.
  Deletions deletions() const;

  std::shared_ptr<const Rules> rules() const;
  /// Applies the retention of one repository, as of `registry::run_retention`; scans.
  /// `kReadOnly`, unless it is a dry run.
  Result<std::vector<Retained>> run_retention(const index::RepositoryName& repository,
                                              RunMode mode);
  /// Tells the store when what was pulled. Until then only this object knows. See `Retainer`.
  Result<void> store_pulls();

  /// Drops uploads that nobody touched for `upload_expiry`, and what a crash left
  /// of others. Returns how many. Never waits for an upload, and never touches
  /// one that a request holds. See `Sweeper`.
  Result<std::size_t> expire_uploads();

  /// Frees what is doomed, up to `limit` steps of it; one that runs is waited for. See
  /// `Collector`.
  Result<CollectReport> collect(CollectWhat what, std::size_t limit);
  /// What was collected since the start.
  CollectReport collected() const noexcept;

  /// Where scrubs are asked for, run and told of.
  ScrubDesk& scrub_desk() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shale::registry
