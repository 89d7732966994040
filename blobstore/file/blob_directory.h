#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blobstore/blob_store.h"
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
  /// Blobs strictly after `after`, by digest, at most `limit`; fewer only at the end.
  Result<std::vector<StoredFile>> list(const std::optional<Digest>& after, std::size_t limit) const;
  /// Moves a blob to `name` in the directory `to`, which is for the caller to sync first;
  /// then `sync_removal`. False when there is none.
  Result<bool> move_out(const Digest& digest, const File& to, const std::string& name);
  /// That the blob is gone survives a power cut once this returns.
  Result<void> sync_removal(const Digest& digest);

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
  BlobDirectory(File directory, Algorithm algorithm)
      : directory_(std::move(directory)), algorithm_(algorithm) {}

  Result<File> open_fan_out(std::size_t byte);
  /// The digests in one directory that are after `after`, in order.
  Result<std::vector<Digest>> list_fan_out(std::size_t byte,
                                           const std::optional<Digest>& after) const;

  struct FanOut {
    GroupedSync sync;
    /// Its name in the directory above is on disk. Found out once per process,
    /// because one that is there may have been made by a process that died
    /// before it could sync.
    std::atomic<bool> durable = false;
  };

  File directory_;
  const Algorithm algorithm_;
  GroupedSync sync_;
  std::array<FanOut, 256> fan_outs_;  ///< by the first byte of the digest
};

}  // namespace shale::file
