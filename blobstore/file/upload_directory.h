#pragma once

#include <set>
#include <string>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/file/file.h"
#include "blobstore/guarded.h"

namespace shale::file {

/// `uploads`: what is not committed yet, each as a file under its id. Thread-safe.
class UploadDirectory {
 public:
  /// Takes over the open directory.
  explicit UploadDirectory(File directory) : directory_(std::move(directory)) {}

  const File& directory() const noexcept { return directory_; }

  /// A fresh file, for reading and writing, locked. `kInvalidArgument` when there is one.
  Result<File> create(const UploadId& id);
  /// One that is there, for reading and writing, locked. `kUploadUnknown` when
  /// there is none; `kUploadBusy` while somebody else has it open.
  Result<File> open(const UploadId& id);
  /// One that is not there is no error.
  Result<void> remove(const UploadId& id);

  /// Removes an upload whose bytes may have been lost on the way to the disk, and
  /// sees to it that it is never opened again. The page cache may still show the
  /// bytes, and a second sync would say that all is well.
  void condemn(const UploadId& id);

  std::string path(const UploadId& id) const { return directory_.path() + "/" + id.str(); }

  /// What is in the directory.
  struct Listing {
    std::vector<OpenUpload> uploads;
    std::vector<std::string> foreign;  ///< names that are no upload of ours
  };
  Result<Listing> list() const;

 private:
  Result<File> lock(File file) const;

  File directory_;
  Guarded<std::set<UploadId>> condemned_;  ///< only those whose file could not be removed
};

}  // namespace shale::file
