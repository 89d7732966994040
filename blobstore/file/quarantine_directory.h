#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/file/blob_directory.h"
#include "blobstore/file/file.h"
#include "blobstore/guarded.h"

namespace shale::file {

/// `quarantine/<algorithm>/<hex>`: blobs that were set aside as damaged, made when the
/// first one comes. What is in it is known without a look at the disk, for every commit
/// asks. Thread-safe.
class QuarantineDirectory {
 public:
  /// Takes over the open root of the store, and reads what is there.
  static Result<std::unique_ptr<QuarantineDirectory>> open(File root);

  /// Moves the blob in, or leaves an empty file for one that is not in `blobs`. Survives
  /// a power cut once this returns.
  Result<void> take_in(BlobDirectory& blobs, const Digest& digest);
  /// Removes the file; one that is not there is no error.
  Result<void> release(const Digest& digest);
  /// By digest.
  std::vector<Quarantined> list() const;
  /// No more than a look at a number while nothing is set aside.
  bool holds(const Digest& digest) const;

 private:
  explicit QuarantineDirectory(File root) : root_(std::move(root)) {}

  /// The directory of one algorithm; none when it is not there and not to be made.
  enum class Missing : std::uint8_t { kMake, kLeave };
  Result<std::optional<File>> directory_of(Algorithm algorithm, Missing missing) const;
  Result<void> read(Algorithm algorithm);

  File root_;
  Guarded<std::map<Digest, Time>> since_;
  std::atomic<std::size_t> count_ = 0;  ///< of those
};

}  // namespace shale::file
