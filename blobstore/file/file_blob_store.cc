#include "blobstore/file/file_blob_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "blobstore/file/directories.h"
#include "blobstore/file/file_upload.h"

namespace shale {
namespace {

class FileBlob final : public Blob {
 public:
  FileBlob(file::File file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  std::uint64_t size() const noexcept override { return size_; }
  int descriptor() const noexcept override { return file_.descriptor(); }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const override {
    return file_.read_at(offset, into);
  }

 private:
  file::File file_;
  std::uint64_t size_;
};

}  // namespace

Result<std::unique_ptr<FileBlobStore>> FileBlobStore::open(const FileBlobStoreOptions& options) {
  file::FileSystem& files = options.files != nullptr ? *options.files : file::posix_file_system();
  SHALE_TRY_ASSIGN(auto root, file::open_root(files, options.root, "uploads"));
  SHALE_TRY_ASSIGN(auto uploads, file::open_directory(root, "uploads"));
  SHALE_TRY_ASSIGN(auto blobs, file::open_directory(root, "blobs"));
  SHALE_TRY_ASSIGN(auto sha256, file::BlobDirectory::open(blobs, Algorithm::kSha256));
  SHALE_TRY_ASSIGN(auto sha512, file::BlobDirectory::open(blobs, Algorithm::kSha512));
  SHALE_TRY(blobs.sync());
  SHALE_TRY(root.sync());
  SHALE_TRY_ASSIGN(auto quarantine, file::QuarantineDirectory::open(std::move(root)));
  std::unique_ptr<FileBlobStore> store(new FileBlobStore(
      std::make_unique<file::Shared>(std::move(uploads), std::move(sha256), std::move(sha512),
                                     std::move(quarantine), options.reserve)));
  // A process that died may have brought a blob back and not come to this.
  for (const Quarantined& blob : store->shared_->quarantine->list()) {
    if (store->size(blob.digest)) SHALE_TRY(store->release(blob.digest));
  }
  return store;
}

FileBlobStore::FileBlobStore(std::unique_ptr<file::Shared> shared) : shared_(std::move(shared)) {}
FileBlobStore::~FileBlobStore() = default;

Result<std::unique_ptr<UploadSession>> FileBlobStore::begin_upload(const UploadId& id,
                                                                   Algorithm algorithm) {
  SHALE_TRY_ASSIGN(auto file, shared_->uploads.create(id));
  return {std::make_unique<file::FileUpload>(*shared_, id, std::move(file), Hasher(algorithm), 0)};
}

Result<std::unique_ptr<UploadSession>> FileBlobStore::resume_upload(const UploadId& id,
                                                                    Algorithm algorithm) {
  SHALE_TRY_ASSIGN(auto file, shared_->uploads.open(id));
  SHALE_TRY_ASSIGN(const auto status, file.status());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  Hasher hasher(algorithm);
  SHALE_TRY(file::hash_file(file, size, hasher));
  return {
      std::make_unique<file::FileUpload>(*shared_, id, std::move(file), std::move(hasher), size)};
}

Result<void> FileBlobStore::cancel_upload(const UploadId& id) {
  return shared_->uploads.remove(id);
}

Result<std::vector<OpenUpload>> FileBlobStore::open_uploads() const {
  SHALE_TRY_ASSIGN(auto listing, shared_->uploads.list());
  return std::move(listing.uploads);
}

Result<std::vector<std::string>> FileBlobStore::foreign_files() const {
  SHALE_TRY_ASSIGN(auto listing, shared_->uploads.list());
  return std::move(listing.foreign);
}

Result<std::uint64_t> FileBlobStore::size(const Digest& digest) const {
  return shared_->blobs(digest.algorithm()).size(digest);
}

Result<std::unique_ptr<const Blob>> FileBlobStore::open(const Digest& digest,
                                                        std::uint64_t size) const {
  SHALE_TRY_ASSIGN(auto file, shared_->blobs(digest.algorithm()).open(digest));
  SHALE_TRY_ASSIGN(const auto status, file.status());
  if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != size) {
    return Error{Errc::kCorrupt, file.path() + " has " + std::to_string(status.st_size) +
                                     " bytes, expected " + std::to_string(size)};
  }
  return {std::make_unique<const FileBlob>(std::move(file), size)};
}

Result<void> FileBlobStore::remove(const Digest& digest) {
  SHALE_TRY(shared_->blobs(digest.algorithm()).remove(digest));
  return shared_->quarantine->release(digest);
}

Result<std::vector<StoredFile>> FileBlobStore::list(const std::optional<Digest>& after,
                                                    std::size_t limit) const {
  std::vector<StoredFile> listed;
  for (const auto algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    if (after && after->algorithm() > algorithm) continue;
    const bool begun = after && after->algorithm() == algorithm;
    SHALE_TRY_ASSIGN(auto more, shared_->blobs(algorithm).list(begun ? after : std::nullopt,
                                                               limit - listed.size()));
    std::ranges::move(more, std::back_inserter(listed));
  }
  return listed;
}

Result<void> FileBlobStore::quarantine(const Digest& digest) {
  return shared_->quarantine->take_in(shared_->blobs(digest.algorithm()), digest);
}

Result<void> FileBlobStore::release(const Digest& digest) {
  return shared_->quarantine->release(digest);
}

Result<std::vector<Quarantined>> FileBlobStore::quarantined() const {
  return shared_->quarantine->list();
}

Result<Space> FileBlobStore::space() const {
  return shared_->reserve.space();
}

Result<void> FileBlobStore::admit(std::uint64_t bytes) {
  return shared_->reserve.take(bytes);
}

void FileBlobStore::set_reserve(std::uint64_t reserve) {
  shared_->reserve.set_reserve(reserve);
}

}  // namespace shale
