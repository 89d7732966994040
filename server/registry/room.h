#pragma once

#include <cstdint>
#include <optional>

#include "blobstore/current.h"
#include "server/index/metadata_store.h"

namespace shale::registry {

struct Options;

/// Whether the quotas leave room for a blob, asked before its bytes are taken. The commit
/// asks again and has the last word: others may have filled the room meanwhile. Borrows
/// what it asks. Thread-safe.
class Room {
 public:
  /// Of the options, those in force when it is asked.
  Room(const index::MetadataStore& metadata, const Current<Options>& options)
      : metadata_(metadata), options_(options) {}

  /// `kQuotaExceeded` when a blob of at least `bytes` bytes has no room. One that the
  /// repository has already needs none; where no digest is known, any that is large
  /// enough may be the one, so it costs a scan then, of the links, and only when it is full.
  Result<void> admit(const index::RepositoryName& repository, const std::optional<Digest>& digest,
                     std::uint64_t bytes) const;

 private:
  Result<bool> may_be_there(const index::RepositoryName& repository,
                            const std::optional<Digest>& digest, std::uint64_t bytes) const;

  const index::MetadataStore& metadata_;
  const Current<Options>& options_;
};

}  // namespace shale::registry
