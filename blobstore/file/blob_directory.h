#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "blobstore/digest.h"
#include "blobstore/file/file.h"
#include "blobstore/file/grouped_sync.h"

namespace shale::file {

/// `blobs/<algorithm>`: the committed blobs of one algorithm, each as
/// `<first two hex>/<hex>`. Thread-safe.
class BlobDirectory {
 public:
  /// Opens it under `blobs`, making it where it is missing; `blobs` is for the
  /// caller to sync then.
  static Result<std::unique_ptr<BlobDirectory>> open(const File& blobs, Algorithm algorithm);

  /// Size in bytes, or `kBlobUnknown`.
  Result<std::uint64_t> size(const Digest& digest) const;
  /// For reading; `kBlobUnknown`.
  Result<File> open(const Digest& digest) const;
  Result<void> remove(const Digest& digest);

  /// Where a blob is about to be. Must not outlive the directory.
  class Place {
   public:
    /// Moves the file `name` out of `uploads` to here, in place of the blob that
    /// may be here already. After an error it has not moved; `kUploadUnknown` when
    /// there was none.
    Result<void> move_in(const File& uploads, const std::string& name);
    /// The name survives a power cut once this returns.
    Result<void> sync();

   private:
    friend class BlobDirectory;
    Place(BlobDirectory& blobs, const Digest& digest, File directory)
        : blobs_(blobs), digest_(digest), directory_(std::move(directory)) {}

    BlobDirectory& blobs_;
    Digest digest_;
    File directory_;
  };
  /// Makes the directory of the place durable first where it is not.
  Result<Place> place(const Digest& digest);

 private:
  explicit BlobDirectory(File directory) : directory_(std::move(directory)) {}

  Result<File> open_fan_out(std::size_t byte);

  struct FanOut {
    GroupedSync sync;
    /// Its name in the directory above is on disk. Found out once per process,
    /// because one that is there may have been made by a process that died
    /// before it could sync.
    std::atomic<bool> durable = false;
  };

  File directory_;
  GroupedSync sync_;
  std::array<FanOut, 256> fan_outs_;  ///< by the first byte of the digest
};

}  // namespace shale::file
