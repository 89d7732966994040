#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::registry {

/// What is to go: a tag with all that only it keeps; a manifest with its tags; or, without a
/// reference, everything that the repository has.
struct RemovalGoal {
  index::RepositoryName repository;
  std::optional<index::Reference> reference;
};

struct LeavingManifest {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  std::vector<index::Tag> tags;
};

struct LeavingBlob {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
};

/// A manifest or a blob that would go as well, if it were not for others.
struct KeptContent {
  Digest digest;
  std::uint64_t size = 0;       ///< bytes
  std::vector<std::string> by;  ///< some of them, for people to read
};

/// What goes, and what does not.
struct Removal {
  std::vector<index::Tag> tags;            ///< that go
  std::vector<LeavingManifest> manifests;  ///< each before what it keeps
  std::vector<LeavingBlob> blobs;          ///< that leave the repository with them
  /// That stays; also blobs that leave the repository, and whose bytes others have.
  std::vector<KeptContent> kept;
  std::uint64_t bytes = 0;  ///< of all that goes and that nobody else has: what comes free
};

/// Which repositories the answer may name.
using Visible = std::function<bool(const index::RepositoryName&)>;

/// What a removal would do. With a manifest go the children of an index that nothing else lists,
/// and what refers to it: by its subject, or by a tag that is made of its digest, as signatures
/// are. None of them that has a tag of its own. `kManifestUnknown`, `kNameUnknown`. Scans: costs
/// as much as what goes and its surroundings.
Result<Removal> plan_removal(const index::MetadataStore& metadata, const RemovalGoal& goal,
                             const Visible& visible);

/// Carries out what `plan_removal` has found, in commits that belong to one operation; durable
/// when it returns. What was given a tag or listed since stays, and is told as kept; the root
/// of a tag's removal then is `kConditionFailed`, and nothing is done. Ended in the middle, it
/// leaves nothing half: the same goal again finds the rest. Blobs that no manifest named are
/// left to their leases.
Result<void> carry_out(index::MetadataStore& metadata, const RemovalGoal& goal, Removal& removal,
                       const index::By& by);

}  // namespace shale::registry
