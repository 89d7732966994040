#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "server/registry/activity.h"
#include "server/registry/digest_locks.h"
#include "server/registry/quarantine.h"
#include "server/registry/registry.h"
#include "server/registry/upload_table.h"

namespace shale::registry {

/// The uploads of all repositories, from their start to a linked blob or to
/// nothing. README.md tells their life. The functions mean what `Registry` says
/// of its own. Borrows everything. Thread-safe.
class Uploads {
 public:
  Uploads(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock, DigestLocks& locks,
          Quarantine& quarantine, const Room& room, std::size_t small_blob_bytes)
      : blobs_(blobs),
        metadata_(metadata),
        clock_(clock),
        locks_(locks),
        quarantine_(quarantine),
        room_(room),
        small_blob_bytes_(small_blob_bytes),
        table_(clock),
        open_(count_open(metadata)) {}

  Result<UploadStatus> start(const index::RepositoryName& repository, Algorithm algorithm);
  Result<std::unique_ptr<UploadWriter>> receive(const index::RepositoryName& repository,
                                                Algorithm algorithm);
  Result<std::unique_ptr<UploadWriter>> write(const index::RepositoryName& repository,
                                              const UploadId& id, std::optional<ChunkRange> range);
  Result<UploadStatus> status(const index::RepositoryName& repository, const UploadId& id);
  Result<void> cancel(const index::RepositoryName& repository, const UploadId& id);
  /// Of those that nobody touched for so long.
  Result<std::size_t> expire(std::chrono::seconds idle_for);
  /// Without mounts.
  Activity activity() const noexcept;

 private:
  class Writer;

  /// What an earlier run has left. A store that cannot tell has none.
  static std::size_t count_open(const index::MetadataStore& metadata);

  /// The bytes of a blob that was set aside and came back as a file, when they may be
  /// among the metadata: what is there is damaged, and is read before the file.
  Result<std::optional<std::string>> read_back(const Digest& digest, std::uint64_t size) const;
  /// `kUploadUnknown` unless `repository` has that upload.
  Result<void> check_owner(const index::RepositoryName& repository, const UploadId& id) const;
  std::unique_ptr<StagedUpload> stage(const UploadId& id, Algorithm algorithm) const;
  /// The right to an upload of `repository`, with its session.
  Result<UploadTable::Hold> resume(const index::RepositoryName& repository, const UploadId& id);
  /// Ends a held upload without a blob: first the bytes, then what names them.
  Result<void> drop(UploadTable::Hold& held);
  Result<void> drop(const UploadId& id);
  /// What nobody has written to since `before`, as far as the stores know. In order.
  Result<std::vector<UploadId>> list_idle(Time before) const;

  BlobStore& blobs_;
  index::MetadataStore& metadata_;
  const Clock& clock_;
  DigestLocks& locks_;
  Quarantine& quarantine_;
  const Room& room_;
  const std::size_t small_blob_bytes_;
  UploadTable table_;
  std::atomic<std::uint64_t> begun_ = 0;
  std::atomic<std::uint64_t> finished_ = 0;
  std::atomic<std::uint64_t> cancelled_ = 0;
  std::atomic<std::uint64_t> expired_ = 0;
  std::atomic<std::uint64_t> open_;  ///< rows in the metadata
};

}  // namespace shale::registry
