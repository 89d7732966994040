#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "blobstore/blob_store.h"

namespace shale::registry {

/// A blob on its way in, from its first byte to its name.
///
/// While it is small it is kept in memory, so that it can end in the metadata
/// store, in the very commit that links it: one sync instead of three, and no
/// file. Beyond that it goes into a session of the blob store. Small bytes that
/// have to wait for another request are written to an upload of the blob store
/// as well, for only that outlives this object and the process.
///
/// One thread at a time. Destroying it keeps what the blob store has of it.
class StagedUpload {
 public:
  /// An upload without bytes, of which the blob store knows nothing yet. Blobs of
  /// up to `small` bytes stay in memory. `blobs` must outlive this.
  StagedUpload(BlobStore& blobs, UploadId id, Algorithm algorithm, std::size_t small)
      : blobs_(blobs), id_(std::move(id)), algorithm_(algorithm), small_(small) {}
  /// One that the blob store has bytes of.
  StagedUpload(BlobStore& blobs, UploadId id, std::unique_ptr<UploadSession> session)
      : blobs_(blobs), id_(std::move(id)), session_(std::move(session)) {}

  /// Bytes received so far.
  std::uint64_t offset() const noexcept {
    return session_ != nullptr ? session_->offset() : bytes_.size();
  }

  /// Bytes of memory for what is small.
  std::size_t memory() const noexcept { return bytes_.capacity(); }

  /// As `UploadSession::append`.
  Result<void> append(std::span<const std::byte> bytes);

  /// As `UploadSession::commit`, but of small bytes a copy is given out instead, for
  /// the metadata store to keep: nothing is durable then until that has them. Should
  /// it not take them, the upload is as it was.
  Result<std::optional<std::string>> commit(const Digest& expected);

  /// For an upload that waits for its next request: whatever becomes of this object or
  /// the process then, `offset` stays true. On error small bytes that could not be
  /// written are given up; a session of the blob store has lost its upload, and every
  /// later call fails as well.
  Result<void> rest();

  /// For an upload that was cancelled. What cannot be dropped now is found when it expires.
  void drop() noexcept;

 private:
  /// Brings what is in memory into the upload of the blob store, made if it is not there.
  Result<std::unique_ptr<UploadSession>> write_out();
  Result<std::unique_ptr<UploadSession>> begin_or_resume();

  BlobStore& blobs_;
  UploadId id_;
  Algorithm algorithm_ = Algorithm::kSha256;
  std::size_t small_ = 0;
  std::string bytes_;                       ///< all of them, while there is no session
  bool tried_ = false;                      ///< to have them in the blob store
  std::size_t copied_ = 0;                  ///< so many it has, the first ones
  std::unique_ptr<UploadSession> session_;  ///< of what is no longer small
};

}  // namespace shale::registry
