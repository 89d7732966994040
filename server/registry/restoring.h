#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::registry {

/// A manifest that came back.
struct Restored {
  Digest digest;
  std::vector<index::Tag> tags;   ///< that name it again
  std::vector<index::Tag> taken;  ///< which it had, and which name another manifest by now
};

/// Whether those tags come back too that are free.
enum class WithTags : std::uint8_t { kNo, kYes };

// What history keeps, and the way back. Each manifest comes back in a commit of its own: those
// that an index lists before it, so that nobody ever sees it without them. Ended in the
// middle, it can be done again.

/// Restores a manifest; with it, as far as history has them, those that it lists, and
/// what refers to it by its subject, where that went by the same operation or for want of a
/// tag. `kManifestUnknown` when history does not have it.
Result<std::vector<Restored>> restore_manifest(index::MetadataStore& metadata,
                                               const index::RepositoryName& repository,
                                               const Digest& digest, WithTags tags,
                                               const std::string& actor);

/// Restores all that the last operation deleted which deleted anything, with its tags.
/// `kNameUnknown` when the history is empty.
Result<std::vector<Restored>> restore_last(index::MetadataStore& metadata,
                                           const index::RepositoryName& repository,
                                           const std::string& actor);

/// Ends the history of one manifest, or of all in the repository; returns of how many. Their
/// bytes go with the next collection. `kManifestUnknown` when history does not have the one.
Result<std::size_t> drop_history(index::MetadataStore& metadata,
                                 const index::RepositoryName& repository,
                                 const std::optional<Digest>& digest);

}  // namespace shale::registry
