#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/blob_store.h"

namespace shale {

namespace file {
class FileSystem;
struct Shared;
}  // namespace file

struct FileBlobStoreOptions {
  /// Where `blobs` and `uploads` are, both made when missing; other files in it
  /// are not looked at. All on one filesystem.
  std::filesystem::path root;
  /// Free bytes that uploads leave alone; 0 to fill the disk.
  std::uint64_t reserve = std::uint64_t{256} << 20;
  /// Outlives the store; null for the real one.
  file::FileSystem* files = nullptr;
};

/// Blobs as files below one directory; README.md has the layout. One process at
/// a time may have a directory, which is for the metadata store to ensure.
/// Sessions must not outlive the store; blobs may. Thread-safe.
class FileBlobStore final : public BlobStore {
 public:
  /// Fails with words for the operator when the directories cannot be made or
  /// written, or are on several filesystems. What was made is durable.
  static Result<std::unique_ptr<FileBlobStore>> open(const FileBlobStoreOptions& options);
  ~FileBlobStore() override;
  FileBlobStore(const FileBlobStore&) = delete;
  FileBlobStore& operator=(const FileBlobStore&) = delete;

  Result<std::unique_ptr<UploadSession>> begin_upload(const UploadId& id,
                                                      Algorithm algorithm) override;
  Result<std::unique_ptr<UploadSession>> resume_upload(const UploadId& id,
                                                       Algorithm algorithm) override;
  Result<void> cancel_upload(const UploadId& id) override;
  /// By the modification time of the files. Names that are no upload are left out.
  Result<std::vector<OpenUpload>> open_uploads() const override;
  Result<std::uint64_t> size(const Digest& digest) const override;
  Result<std::unique_ptr<const Blob>> open(const Digest& digest, std::uint64_t size) const override;
  Result<void> remove(const Digest& digest) override;
  Result<std::vector<StoredFile>> list(const std::optional<Digest>& after,
                                       std::size_t limit) const override;
  Result<void> quarantine(const Digest& digest) override;
  Result<void> release(const Digest& digest) override;
  Result<std::vector<Quarantined>> quarantined() const override;
  Result<Space> space() const override;
  Result<void> admit(std::uint64_t bytes) override;
  /// Replaces `FileBlobStoreOptions::reserve`.
  void set_reserve(std::uint64_t reserve);

  /// Names in `uploads` that no store put there. They are never touched; an
  /// operator may want to know.
  Result<std::vector<std::string>> foreign_files() const;

 private:
  explicit FileBlobStore(std::unique_ptr<file::Shared> shared);

  std::unique_ptr<file::Shared> shared_;
};

}  // namespace shale
