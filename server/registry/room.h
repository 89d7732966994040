#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::registry {

/// Whether the quotas leave room for a blob, asked before its bytes are taken. The commit
/// asks again and has the last word: others may have filled the room meanwhile. Borrows
/// the store. Thread-safe.
class Room {
 public:
  Room(const index::MetadataStore& metadata, std::vector<index::Quota> quotas)
      : metadata_(metadata), quotas_(std::move(quotas)) {}

  /// `kQuotaExceeded` when a blob of at least `bytes` bytes has no room. One that the
  /// repository has already needs none; where no digest is known, any that is large
  /// enough may be the one, so it costs a scan then, of the links, and only when it is full.
  Result<void> admit(const index::RepositoryName& repository, const std::optional<Digest>& digest,
                     std::uint64_t bytes) const;

 private:
  Result<bool> may_be_there(const index::RepositoryName& repository,
                            const std::optional<Digest>& digest, std::uint64_t bytes) const;

  const index::MetadataStore& metadata_;
  const std::vector<index::Quota> quotas_;
};

}  // namespace shale::registry
