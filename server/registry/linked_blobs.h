#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "blobstore/blob_store.h"
#include "server/index/metadata_store.h"
#include "server/registry/collection.h"
#include "server/registry/quarantine.h"
#include "server/registry/registry.h"
#include "server/registry/scrub_desk.h"

namespace shale::registry {

/// The blobs that repositories show: found, opened, and shown in another repository, beside a
/// collection that takes them away and a scrub that sets them aside. The functions mean what
/// `Registry` says of its own. Borrows everything. Thread-safe.
class LinkedBlobs {
 public:
  LinkedBlobs(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
              Collection& collection, Quarantine& quarantine, ScrubDesk& scrub_desk)
      : blobs_(blobs),
        metadata_(metadata),
        clock_(clock),
        collection_(collection),
        quarantine_(quarantine),
        scrub_desk_(scrub_desk) {}

  /// One that is on its way out has its lease renewed; when it is just being taken, it is
  /// not there, and the client uploads it.
  Result<index::BlobLink> find(const index::RepositoryName& repository, const Digest& digest);
  Result<OpenBlob> open(const index::RepositoryName& repository, const Digest& digest);
  Result<std::optional<index::BlobLink>> mount(const index::RepositoryName& repository,
                                               const Digest& digest,
                                               const std::optional<index::RepositoryName>& from,
                                               const MayPull& may_pull);
  /// `kManifestBlobUnknown` when the manifest needs what is set aside.
  Result<void> demand_whole(const index::Manifest& manifest) const;

  /// Adds the mounts.
  void count_into(Activity& activity) const noexcept;

 private:
  /// `kBlobUnknown` for a blob that is set aside as damaged.
  Result<void> demand_whole(const Digest& digest) const;
  /// A pull found the bytes gone or of another size: nobody is told any more that they are
  /// here, so that the next push brings them back. Does not wait.
  void set_aside_lost(const index::BlobLink& link);
  /// The bytes: `kBlobUnknown` when they are gone, `kCorrupt` when they are not as many.
  Result<std::unique_ptr<const Blob>> bytes_of(const index::BlobLink& link) const;
  /// Links a blob of `from`, unless it has none or the store has lost the bytes:
  /// an upload then brings them back.
  Result<std::optional<index::BlobLink>> mount_from(const index::RepositoryName& from,
                                                    const index::RepositoryName& to,
                                                    const Digest& digest);
  Result<std::optional<index::BlobLink>> mount_from_any(const index::RepositoryName& to,
                                                        const Digest& digest,
                                                        const MayPull& may_pull);

  BlobStore& blobs_;
  index::MetadataStore& metadata_;
  const Clock& clock_;
  Collection& collection_;
  Quarantine& quarantine_;
  ScrubDesk& scrub_desk_;
  std::atomic<std::uint64_t> mounts_ = 0;
  std::atomic<std::uint64_t> mounted_bytes_ = 0;
};

}  // namespace shale::registry
