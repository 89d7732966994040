#include <span>
#include <utility>

#include "server/index/rocks/check.h"
#include "server/index/rocks/keys.h"

namespace shale::index::rocks {

Result<void> Checker::check_manifest_links() {
  return each<ManifestLinkRow>(
      Family::kManifestLinks, [&](Decoder key, const ManifestLinkRow& row) -> Result<bool> {
        const auto link = read_link(key);
        if (!link || !key.finished()) {
          return false;
        }
        const std::string what = "manifest " + named(*link);
        Usage& usage = counted_[link->repository.str()];
        ++usage.manifests;
        usage.logical += static_cast<std::int64_t>(row.size);
        demand_past(row.sequence, what);
        SHALE_TRY(demand_row(Family::kManifests, keys::content(link->digest), what));
        SHALE_TRY(demand_row(Family::kManifestRepositories,
                             keys::holder(link->digest, link->repository.str()), what));
        if (row.due) {
          SHALE_TRY(demand_row(Family::kDoomed,
                               keys::doomed({*row.due, Doomed::Kind::kUntagged,
                                             link->repository.str(), link->digest}),
                               what));
        }
        return true;
      });
}

Result<void> Checker::check_deleted() {
  return each<DeletedRow>(
      Family::kDeleted, [&](Decoder key, const DeletedRow& row) -> Result<bool> {
        const auto link = read_link(key);
        if (!link || !key.finished()) {
          return false;
        }
        const std::string what = "deleted manifest " + named(*link);
        Usage& usage = counted_[link->repository.str()];
        usage.pinned += static_cast<std::int64_t>(row.link.size);
        usage.logical += static_cast<std::int64_t>(row.link.size);
        demand_past(row.link.sequence, what);
        demand_past(row.operation, what);
        const std::string linked = keys::link(link->repository, link->digest);
        SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kManifestLinks, linked));
        demand(!there, what + ": it is there too");
        SHALE_TRY(demand_row(Family::kManifests, keys::content(link->digest), what));
        SHALE_TRY(demand_row(Family::kManifestRepositories,
                             keys::holder(link->digest, link->repository.str()), what));
        SHALE_TRY(demand_row(
            Family::kDoomed,
            keys::doomed({row.due, Doomed::Kind::kDeleted, link->repository.str(), link->digest}),
            what));
        return true;
      });
}

Result<std::optional<ManifestLinkRow>> Checker::parent_link(const RepositoryName& repository,
                                                            const Digest& digest,
                                                            EdgeKind kind) const {
  const std::string key = keys::link(repository, digest);
  if (!keys::is_of_deleted(kind)) {
    return view_.row<ManifestLinkRow>(Family::kManifestLinks, key);
  }
  SHALE_TRY_ASSIGN(const auto deleted, view_.row<DeletedRow>(Family::kDeleted, key));
  return deleted ? std::optional(deleted->link) : std::nullopt;
}

Result<void> Checker::check_pulls() {
  return each<PullRow>(Family::kPulls, [&](Decoder key, const PullRow&) -> Result<bool> {
    const auto link = read_link(key);
    if (!link || !key.finished()) {
      return false;
    }
    SHALE_TRY(demand_row(Family::kManifestLinks, keys::link(link->repository, link->digest),
                         "pulls: " + named(*link)));
    return true;
  });
}

Result<void> Checker::check_manifests() {
  Scan scan(view_, Family::kManifests, {});
  for (; scan.valid(); scan.next()) {
    Decoder key(scan.key());
    const auto digest = key.digest();
    const Result<std::string> bytes = decode_content(scan.value());
    if (!digest || !key.finished() || !bytes) {
      demand(false, "manifests: " + shown(scan.key()) + ": damaged");
      continue;
    }
    demand(Digest::of(digest->algorithm(), std::as_bytes(std::span(*bytes))) == *digest,
           "manifest " + digest->str() + ": the bytes are not what the digest names");
    demand(Scan(view_, Family::kManifestRepositories, keys::content(*digest)).valid(),
           "manifest " + digest->str() + ": no repository has it");
    ++counted_in_store_.manifests;
    counted_in_store_.bytes += static_cast<std::int64_t>(bytes->size());
  }
  return scan.status();
}

Result<void> Checker::check_tags() {
  return each<TagRow>(Family::kTags, [&](Decoder key, const TagRow& row) -> Result<bool> {
    const auto repository = read_repository(key);
    const Result<Tag> tag = Tag::parse(key.rest());
    if (!repository || !tag) {
      return false;
    }
    const std::string what = "tag " + repository->str() + ":" + tag->str();
    ++counted_[repository->str()].tags;
    demand_past(row.sequence, what);
    SHALE_TRY(demand_row(Family::kManifestLinks, keys::link(*repository, row.digest), what));
    SHALE_TRY(
        demand_row(Family::kTagTargets, keys::tag_target(*repository, row.digest, *tag), what));
    SHALE_TRY(demand_row(Family::kHistory, keys::history(*repository, *tag, row.sequence), what));
    return true;
  });
}

Result<void> Checker::check_tag_targets() {
  return each<EmptyRow>(Family::kTagTargets, [&](Decoder key, const EmptyRow&) -> Result<bool> {
    const auto link = read_link(key);
    const Result<Tag> tag = Tag::parse(key.rest());
    if (!link || !tag) {
      return false;
    }
    SHALE_TRY_ASSIGN(const auto row,
                     view_.row<TagRow>(Family::kTags, keys::tag(link->repository, *tag)));
    demand(row && row->digest == link->digest,
           "tag_targets: " + named(*link) + ": the tag " + tag->str() + " is elsewhere");
    return true;
  });
}

/// The newest move of each tag says where it is now.
Result<void> Checker::check_history() {
  std::string newest_of;
  return each<TagMoveRow>(
      Family::kHistory, [&](Decoder key, const TagMoveRow& row) -> Result<bool> {
        const auto repository = read_repository(key);
        const Result<Tag> tag = Tag::parse(key.terminated());
        const Sequence sequence = keys::sequence_of_inverted(key.u64());
        if (!repository || !tag || !key.finished()) {
          return false;
        }
        const std::string what = "history of " + repository->str() + ":" + tag->str();
        demand_past(sequence, what);
        if (what == newest_of) {
          return true;
        }
        newest_of = what;
        SHALE_TRY_ASSIGN(const auto now,
                         view_.row<TagRow>(Family::kTags, keys::tag(*repository, *tag)));
        demand((now ? std::optional(now->digest) : std::nullopt) == row.digest,
               what + ": the tag is not where the last move put it");
        return true;
      });
}

Result<void> Checker::check_edges() {
  return each<EdgeRow>(Family::kEdges, [&](Decoder key, const EdgeRow&) -> Result<bool> {
    const auto parent = read_link(key);
    const auto kind = read_kind(key);
    const auto child = key.digest();
    if (!parent || !kind || !child || !key.finished()) {
      return false;
    }
    const std::string what = "edge of " + named(*parent);
    SHALE_TRY_ASSIGN(const auto link, parent_link(parent->repository, parent->digest, *kind));
    demand(link.has_value(), what + ": no such manifest");
    SHALE_TRY(demand_row(Family::kEdgesTo,
                         keys::edge_to(parent->repository, *child, *kind, parent->digest), what));
    return true;
  });
}

Result<void> Checker::check_edges_to() {
  Scan scan(view_, Family::kEdgesTo, {});
  for (; scan.valid(); scan.next()) {
    Decoder key(scan.key());
    const auto child = read_link(key);
    const auto kind = read_kind(key);
    const auto parent = key.digest();
    if (!child || !kind || !parent || !key.finished()) {
      demand(false, "edges_to: " + shown(scan.key()) + ": damaged key");
      continue;
    }
    const std::string what = "edge to " + named(*child);
    SHALE_TRY(demand_row(Family::kEdges,
                         keys::edge(child->repository, *parent, *kind, child->digest), what));
    if (keys::of_present(*kind) != EdgeKind::kSubject) {
      demand(decode<EmptyRow>(scan.value()).has_value(), what + ": damaged");
      continue;
    }
    const auto referrer = decode<ReferrerRow>(scan.value());
    SHALE_TRY_ASSIGN(const auto link, parent_link(child->repository, *parent, *kind));
    demand(referrer && link && referrer->size == link->size &&
               referrer->media_type == link->media_type &&
               referrer->artifact_type == link->artifact_type,
           what + ": the referrer " + parent->str() + " is described otherwise");
  }
  return scan.status();
}

}  // namespace shale::index::rocks
