#pragma once

#include <atomic>
#include <cstdint>

#include "blobstore/blob_store.h"
#include "blobstore/file/file.h"
#include "blobstore/guarded.h"

namespace shale::file {

/// Keeps uploads out of the last bytes of a filesystem, so that the metadata
/// store, deletes and logs can go on when it is full. Thread-safe.
///
/// Asking the filesystem costs a system call, so an answer is good for the next
/// 8 MiB of uploads, less when the reserve is nearer than that. What others write
/// meanwhile goes unseen for as long, so a reserve is best well above that.
class SpaceReserve {
 public:
  /// `directory` is any on the filesystem and outlives this; `reserve` in bytes,
  /// 0 to use it to the end.
  SpaceReserve(const File& directory, std::uint64_t reserve)
      : directory_(directory), reserve_(reserve) {}

  /// Call before writing `bytes`. `kNoSpace` when that would reach the reserve.
  Result<void> take(std::uint64_t bytes);

  Result<Space> space() const;

  /// For what is asked from now on.
  void set_reserve(std::uint64_t reserve);

 private:
  const File& directory_;
  std::atomic<std::uint64_t> reserve_;
  Guarded<std::uint64_t> allowance_{0};  ///< bytes that may go without asking again
};

}  // namespace shale::file
