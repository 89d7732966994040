#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/guarded.h"

namespace shale {

/// Keeps every blob in memory: for tests. Forgets all when destroyed; sessions
/// must not outlive it. Thread-safe.
class MemoryBlobStore final : public BlobStore {
 public:
  /// `clock` dates the uploads and has to outlive the store.
  explicit MemoryBlobStore(const Clock& clock);
  /// With the system's clock.
  MemoryBlobStore();
  ~MemoryBlobStore() override;
  MemoryBlobStore(const MemoryBlobStore&) = delete;
  MemoryBlobStore& operator=(const MemoryBlobStore&) = delete;

  Result<std::unique_ptr<UploadSession>> begin_upload(const UploadId& id,
                                                      Algorithm algorithm) override;
  Result<std::unique_ptr<UploadSession>> resume_upload(const UploadId& id,
                                                       Algorithm algorithm) override;
  Result<void> cancel_upload(const UploadId& id) override;
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

  /// What `space` answers from now on. An append that would leave less than
  /// the reserve is refused; what is accepted makes `free` smaller. Without it
  /// there is room for everything.
  void set_space(Space space);

  /// Lets the bytes rot: what is stored under `digest` from now on.
  void damage(const Digest& digest, std::string bytes);

  /// How many blobs there are.
  std::size_t blob_count() const;

 private:
  friend class MemoryUpload;

  struct Upload {
    std::string bytes;
    Time modified;
    const UploadSession* owner;  ///< the session that is awake, if any
  };
  struct StoredBlob {
    std::shared_ptr<const std::string> bytes;  // shared with whoever has it open
    Time modified;
  };
  struct State {
    std::map<UploadId, Upload> uploads;
    std::map<Digest, StoredBlob> blobs;
    std::map<Digest, Time> quarantined;  // since when
    std::optional<Space> space;

    Result<void> take(std::uint64_t bytes);
  };

  const Clock& clock_;
  Guarded<State> state_;
};

}  // namespace shale
