#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::registry {

/// A tag of a repository, as a request names it.
struct TagName {
  const index::RepositoryName& repository;
  const index::Tag& tag;
};

/// Who moves a tag back, and what they may do to tags.
struct TagMover {
  std::string actor;
  index::TagMoves tag_moves = index::TagMoves::kAny;
};

/// From where to where a tag went. `from` is `to` when it stood there already, and none when
/// there was no such tag.
struct TagWent {
  std::optional<Digest> from;
  Digest to;
};

/// What a tag named, and the move by which it came to.
struct TagStood {
  Digest digest;
  Time moved;
  std::string actor;
};

/// A tag that ever moved, and its last move.
struct PastTag {
  index::Tag tag;
  index::TagMove last;
};

/// Where tags were, and the way back. Borrows the store. Thread-safe; everything here scans
/// or syncs. What is wrong is told in details that name the tag.
class TagPast {
 public:
  explicit TagPast(index::MetadataStore& metadata) : metadata_(metadata) {}

  /// Newest first, at most `limit`. `kManifestUnknown` when it never moved.
  Result<std::vector<index::TagMove>> history(const TagName& name, std::size_t limit) const;

  /// `kManifestUnknown` when there was no such tag then.
  Result<TagStood> at(const TagName& name, Time at) const;
  /// The digest of `at`, as long as the repository still has that manifest; else
  /// `kManifestUnknown`.
  Result<Digest> manifest_at(const TagName& name, Time at) const;

  /// Tags that ever moved, deleted ones too, strictly after `after`. `kNameUnknown` when there
  /// is no such repository and none of its tags ever moved.
  Result<index::Page<PastTag>> tags(const index::RepositoryName& repository, std::string_view after,
                                    std::size_t limit) const;

  // Each of these: `kManifestUnknown` when the tag never was, or the manifest is neither in the
  // repository any more nor in its history, from which it is then restored; `kTagExists` as
  // `tag_moves` says.

  /// To a manifest of the repository.
  Result<TagWent> roll_back_to(const TagName& name, const Digest& to, const TagMover& by);
  Result<TagWent> roll_back_to(const TagName& name, Time at, const TagMover& by);
  /// To the last other manifest that it named. `kConditionFailed` when somebody moves it
  /// meanwhile. Done twice, it leads back to where the tag was.
  Result<TagWent> roll_back(const TagName& name, const TagMover& by);
  /// Brings back a tag that was deleted. One that is there is no error.
  Result<TagWent> restore(const TagName& name, const TagMover& by);

 private:
  Result<index::TagMove> last_move(const TagName& name) const;
  /// The newest move to a digest that is not `but`; none when there is none.
  Result<std::optional<Digest>> last_named(const TagName& name,
                                           const std::optional<Digest>& but) const;
  Result<void> bring_back(const TagName& name, const Digest& digest, const TagMover& by);
  Result<void> demand_manifest(const TagName& name, const Digest& digest,
                               std::string_view when) const;
  Result<TagWent> move(const TagName& name, const std::optional<Digest>& from, const Digest& to,
                       const TagMover& by, index::Condition condition);

  index::MetadataStore& metadata_;
};

}  // namespace shale::registry
