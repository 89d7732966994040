#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "blobstore/blob_store.h"
#include "blobstore/file/blob_directory.h"
#include "blobstore/file/file.h"
#include "blobstore/file/quarantine_directory.h"
#include "blobstore/file/space_reserve.h"
#include "blobstore/file/upload_directory.h"

namespace shale::file {

/// What the sessions of one store share. Outlives them.
struct Shared {
  Shared(File uploads_directory, std::unique_ptr<BlobDirectory> sha256_blobs,
         std::unique_ptr<BlobDirectory> sha512_blobs,
         std::unique_ptr<QuarantineDirectory> set_aside, std::uint64_t reserve_bytes)
      : uploads(std::move(uploads_directory)),
        sha256(std::move(sha256_blobs)),
        sha512(std::move(sha512_blobs)),
        quarantine(std::move(set_aside)),
        reserve(uploads.directory(), reserve_bytes) {}

  UploadDirectory uploads;
  std::unique_ptr<BlobDirectory> sha256;
  std::unique_ptr<BlobDirectory> sha512;
  std::unique_ptr<QuarantineDirectory> quarantine;
  SpaceReserve reserve;

  BlobDirectory& blobs(Algorithm algorithm) const noexcept {
    return algorithm == Algorithm::kSha256 ? *sha256 : *sha512;
  }
};

/// A session on an upload file. While it has the file open it holds the file's
/// lock, so no second session can change bytes that this one has hashed.
class FileUpload final : public UploadSession {
 public:
  /// `file` is the upload's file, with `offset` bytes that `hasher` has seen.
  FileUpload(Shared& shared, UploadId id, File file, Hasher hasher, std::uint64_t offset);

  std::uint64_t offset() const noexcept override { return offset_; }
  Result<void> append(std::span<const std::byte> bytes) override;
  Result<void> commit(const Digest& expected) override;
  /// Waits for the disk to take the bytes, so that a write error is seen by the
  /// descriptor that it belongs to. Does not make them durable.
  Result<void> rest() override;

 private:
  enum class State : std::uint8_t {
    kOpen,
    kSpent,      ///< the file was moved to be a blob, or was found to be gone
    kCondemned,  ///< bytes may be lost, so the upload was removed
  };

  /// Opens the file again after a rest and sees that it is as it was left.
  Result<void> wake();
  Result<Digest> digest(Algorithm algorithm) const;
  /// Drops what a failed write may have left after `offset_`.
  Result<void> drop_surplus();
  void start_write_back();
  void end();
  Error condemned(const Error& cause);
  Error was_condemned() const;

  Shared& shared_;
  UploadId id_;
  File file_;
  Hasher hasher_;
  std::uint64_t offset_;
  std::uint64_t handed_over_;  ///< up to here the disk was told to write
  bool surplus_ = false;       ///< there may be bytes after `offset_`
  State state_ = State::kOpen;
};

/// Feeds the first `size` bytes of `file` to `hasher`. `kCorrupt` when there are fewer.
Result<void> hash_file(const File& file, std::uint64_t size, Hasher& hasher);

}  // namespace shale::file
