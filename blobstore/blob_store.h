#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "blobstore/clock.h"
#include "blobstore/digest.h"
#include "blobstore/result.h"
#include "blobstore/upload_id.h"

namespace shale {

/// An open blob. Its bytes stay readable while this lives, even when the blob is
/// removed from the store meanwhile. Immutable, so safe to share between threads.
class Blob {
 public:
  virtual ~Blob() = default;

  virtual std::uint64_t size() const noexcept = 0;

  /// A descriptor to send from with `sendfile`, owned by this object; -1 where
  /// the bytes are not in a file.
  virtual int descriptor() const noexcept = 0;

  /// Reads up to `into.size()` bytes at `offset`; fewer only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

/// Bytes on their way into a `BlobStore`. One request owns a session at a time,
/// so it is not thread-safe. Destroying an uncommitted session keeps its bytes:
/// the client may come back for it with `resume_upload`, also after a restart.
///
/// A session is awake from its beginning, and again from its first call after a
/// `rest`. Only one session of an upload can be awake: calls of others that would
/// wake up fail with `kUploadBusy`, and with `kCorrupt` once the upload went on
/// without them. After a cancel or a commit, latest the next commit fails with
/// `kUploadUnknown`. After a write error that may have cost bytes the upload is
/// dropped, and everything fails.
class UploadSession {
 public:
  virtual ~UploadSession() = default;

  /// Bytes received so far; the next `append` goes there.
  virtual std::uint64_t offset() const noexcept = 0;

  /// Appends at `offset()`. On error the offset has not moved. `kNoSpace` when
  /// the store would fall under its reserve.
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;

  /// Publishes the bytes as `expected`; they survive a power cut once this
  /// returns. The session is used up then. `kDigestMismatch` publishes nothing
  /// and leaves the session as it was. Any supported algorithm is fine here: one
  /// that was not hinted at the start costs reading the bytes once more.
  virtual Result<void> commit(const Digest& expected) = 0;

  /// Gives back what can be had again cheaply (the descriptor); the running hash
  /// is kept. For a session that waits for its next request. May block until the
  /// disk has taken the bytes; on error it may not have, and the upload is dropped.
  virtual Result<void> rest() = 0;
};

/// An upload that was begun and is neither committed nor cancelled.
struct OpenUpload {
  UploadId id;
  std::uint64_t offset = 0;  ///< bytes
  Time modified;
};

/// A committed blob as the store itself sees it.
struct StoredFile {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  Time modified;

  friend bool operator==(const StoredFile&, const StoredFile&) = default;
};

/// A blob that was set aside as damaged.
struct Quarantined {
  Digest digest;
  Time since;

  friend bool operator==(const Quarantined&, const Quarantined&) = default;
};

struct Space {
  std::uint64_t free = 0;     ///< bytes that an unprivileged process may still write
  std::uint64_t reserve = 0;  ///< under this, uploads are refused
};

/// Immutable bytes by digest, shared by all repositories. Which repository may
/// show a blob is the metadata store's business. Thread-safe. Everything but
/// `open` and `size` may block on the disk.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  /// Begins `id`, which must be fresh (else `kInvalidArgument`), with a running
  /// hash of `algorithm`.
  virtual Result<std::unique_ptr<UploadSession>> begin_upload(const UploadId& id,
                                                              Algorithm algorithm) = 0;

  /// Takes up `id` where its bytes end, hashing again what is there.
  /// `kUploadUnknown` when nothing is open under that id; `kUploadBusy` while
  /// another session on it is awake.
  virtual Result<std::unique_ptr<UploadSession>> resume_upload(const UploadId& id,
                                                               Algorithm algorithm) = 0;

  /// Drops an upload and its bytes; one that is not there is no error.
  virtual Result<void> cancel_upload(const UploadId& id) = 0;

  /// All that are open, in no order. Costs as much as there are.
  virtual Result<std::vector<OpenUpload>> open_uploads() const = 0;

  /// Size in bytes, or `kBlobUnknown`. Only committed blobs are visible.
  virtual Result<std::uint64_t> size(const Digest& digest) const = 0;

  /// `kBlobUnknown` when there is none; `kCorrupt` when it is not `size` bytes long.
  virtual Result<std::unique_ptr<const Blob>> open(const Digest& digest,
                                                   std::uint64_t size) const = 0;

  /// Removes the bytes, also those that were set aside; a blob that is not there is no
  /// error. Readers that have it open go on.
  virtual Result<void> remove(const Digest& digest) = 0;

  /// Blobs strictly after `after`, by digest, at most `limit` of them; fewer only at the
  /// end. One that comes or goes meanwhile may be among them or not.
  virtual Result<std::vector<StoredFile>> list(const std::optional<Digest>& after,
                                               std::size_t limit) const = 0;

  /// Sets the blob aside as damaged: it is absent from then on, survives a power cut as
  /// such, and its bytes are kept for whoever wants to look at them. One whose bytes are
  /// not here is noted all the same, for they may be kept elsewhere. It ends with the next
  /// commit of the digest, with `remove` and with `release`. After an error the blob may
  /// or may not have been set aside.
  virtual Result<void> quarantine(const Digest& digest) = 0;

  /// Forgets that the blob was set aside, and the damaged bytes; one that was not is no
  /// error. Not synced: it may be set aside again after a power cut.
  virtual Result<void> release(const Digest& digest) = 0;

  /// All that are set aside, by digest. Costs as much as there are.
  virtual Result<std::vector<Quarantined>> quarantined() const = 0;

  virtual Result<Space> space() const = 0;

  /// For bytes that are kept beside this store, on the same filesystem: whether so
  /// many more may come in. `kNoSpace` as `append` would have it.
  virtual Result<void> admit(std::uint64_t bytes) = 0;
};

}  // namespace shale
