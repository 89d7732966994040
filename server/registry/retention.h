#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/clock.h"
#include "blobstore/digest.h"
#include "server/index/listings.h"
#include "server/index/names.h"
#include "server/registry/rules.h"

namespace shale::registry {

/// A manifest as retention sees it.
struct Candidate {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes of the manifest alone
  Time pushed;
  std::optional<Time> pulled;
  std::vector<index::Tag> tags;
  /// Who names it: indexes that list it, and (`kSubject`) what refers to it. Others than
  /// candidates may stand here and do not count.
  std::vector<index::Parent> parents;
  /// The rule that holds one of its tags where it is.
  std::optional<std::string> immutable;
};

/// The digest that tags of signatures and of old clients' referrers are made of:
/// `sha256-<hex>`, and maybe a dot and more (distribution-spec, "Referrers Tag Schema").
std::optional<Digest> attached_to(const index::Tag& tag);

/// Whether `one` belongs to `other`: is listed in it, or refers to it by its subject or by a tag.
bool belongs_to(const Candidate& one, const Candidate& other);

/// What becomes of a manifest, and why, in words that go on from "stays:" or "goes:".
struct Decision {
  std::size_t candidate = 0;  ///< which of those that were given
  bool remove = false;
  std::string reason;
};

/// Applies a retention to all manifests of a repository. Never removes what an immutable tag
/// names, what an index that stays lists, and what refers to a manifest that stays, by its
/// subject or by a tag of the form `sha256-...`. What an index lists or refers to something
/// and has no tag of its own goes when that goes. One decision for each candidate: those that
/// stay first, and of those that go, whoever keeps another before it, so that a deletion that
/// is interrupted leaves nothing behind without what it belongs to.
std::vector<Decision> plan_retention(const std::vector<Candidate>& candidates,
                                     const Retention& retention, Time now);

}  // namespace shale::registry
