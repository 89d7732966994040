#include "server/index/rocks/rebuild.h"

#include <algorithm>
#include <span>
#include <utility>

#include "server/index/rocks/status.h"

namespace shale::index::rocks {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr const char* kActor = "fsck";
/// How long a deleted manifest is kept whose own time is lost.
constexpr std::chrono::hours kKeep{24 * 7};

}  // namespace

Result<void> Rebuilder::put(Family family, const std::string& key, const std::string& value) {
  SHALE_TRY_ASSIGN(const auto now, view_.get(family, key));
  if (now == value) return {};
  if (sources_.only_look) return ++changes_, Result<void>();
  if (const auto done = batch_.Put(database_.handle(family), key, value); !done.ok()) {
    return to_error(done, "repairing");
  }
  ++changes_;
  return batch_.GetDataSize() < kBatchBytes ? Result<void>() : settle();
}

Result<void> Rebuilder::erase(Family family, const std::string& key) {
  if (sources_.only_look) return ++changes_, Result<void>();
  if (const auto done = batch_.Delete(database_.handle(family), key); !done.ok()) {
    return to_error(done, "repairing");
  }
  ++changes_;
  return batch_.GetDataSize() < kBatchBytes ? Result<void>() : settle();
}

Result<void> Rebuilder::settle() {
  if (batch_.Count() == 0) return {};
  // With the first of them, so that no row speaks of a commit that has not been.
  if (!std::exchange(numbered_, true)) {
    const auto done = batch_.Put(database_.handle(Family::kStore), rocksdb::Slice(keys::kSequence),
                                 encode(SequenceRow{sequence_}));
    if (!done.ok()) return to_error(done, "repairing");
  }
  SHALE_TRY(database_.write(batch_));
  batch_.Clear();
  return {};
}

/// One more than any commit that a row speaks of, should the row with the last be lost.
Result<void> Rebuilder::find_sequence() {
  SHALE_TRY_ASSIGN(const auto last,
                   good<SequenceRow>(Family::kStore, std::string(keys::kSequence)));
  Sequence newest = last ? last->sequence : 0;
  const auto see = [&newest](Sequence sequence) { newest = std::max(newest, sequence); };
  if (!last) {
    SHALE_TRY(each(Family::kManifestLinks, {}, [&](const auto&, auto value) -> Result<void> {
      if (const auto row = decode<ManifestLinkRow>(value)) see(row->sequence);
      return {};
    }));
    SHALE_TRY(each(Family::kBlobLinks, {}, [&](const auto&, auto value) -> Result<void> {
      if (const auto row = decode<BlobLinkRow>(value)) see(row->sequence);
      return {};
    }));
    SHALE_TRY(each(Family::kTags, {}, [&](const auto&, auto value) -> Result<void> {
      if (const auto row = decode<TagRow>(value)) see(row->sequence);
      return {};
    }));
    SHALE_TRY(each(Family::kDeleted, {}, [&](const auto&, auto value) -> Result<void> {
      if (const auto row = decode<DeletedRow>(value)) see(row->operation);
      return {};
    }));
    SHALE_TRY(each(Family::kHistory, {}, [&](const auto& key, auto) -> Result<void> {
      Decoder parts(key);
      parts.terminated();
      parts.terminated();
      const Sequence sequence = keys::sequence_of_inverted(parts.u64());
      if (parts.finished()) see(sequence);
      return {};
    }));
  }
  sequence_ = newest + 1;
  return {};
}

// --- manifests and who has them ---

Result<std::optional<Manifest>> Rebuilder::read(const Digest& digest,
                                                std::string_view media_type) const {
  SHALE_TRY_ASSIGN(const auto value, view_.get(Family::kManifests, keys::content(digest)));
  if (!value) return std::optional<Manifest>();
  const auto bytes = decode_content(*value);
  if (!bytes) return std::optional<Manifest>();
  auto parsed = sources_.parse(digest, media_type, *bytes);
  // A type that contradicts the bytes cannot be what was pushed.
  if (!parsed && !media_type.empty()) parsed = sources_.parse(digest, {}, *bytes);
  return parsed ? std::optional(*std::move(parsed)) : std::optional<Manifest>();
}

Result<void> Rebuilder::rebuild_manifests() {
  return each(Family::kManifests, {}, [&](const std::string& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto bytes = decode_content(value);
    const bool sound = digest && parts.finished() && bytes &&
                       Digest::of(digest->algorithm(), std::as_bytes(std::span(*bytes))) == *digest;
    return sound ? Result<void>() : erase(Family::kManifests, key);
  });
}

Result<void> Rebuilder::rebuild_links() {
  SHALE_TRY(each(Family::kManifestLinks, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    if (!link || !parts.finished()) return erase(Family::kManifestLinks, key);
    SHALE_TRY_ASSIGN(const bool stored, view_.has(Family::kManifests, keys::content(link->digest)));
    if (!stored) return erase(Family::kManifestLinks, key);
    const auto row = decode<ManifestLinkRow>(value);
    if (row && row->sequence > 0 && row->sequence <= sequence_) return {};
    SHALE_TRY_ASSIGN(const auto manifest, read(link->digest, row ? row->media_type : ""));
    if (!manifest) return erase(Family::kManifestLinks, key);
    return put(Family::kManifestLinks, key,
               encode(ManifestLinkRow{manifest->descriptor.size, manifest->descriptor.media_type,
                                      manifest->artifact_type, sequence_, now_}));
  }));
  SHALE_TRY(rebuild_deleted());
  SHALE_TRY(each(Family::kManifestRepositories, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto repository = RepositoryName::parse(parts.rest());
    return digest && repository ? recover_manifest(*repository, *digest) : Result<void>();
  }));
  return each(Family::kTags, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto repository = read_repository(parts);
    const auto row = decode<TagRow>(value);
    return repository && row ? recover_manifest(*repository, row->digest) : Result<void>();
  });
}

Result<void> Rebuilder::rebuild_deleted() {
  return each(Family::kDeleted, {}, [&](const std::string& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    const auto row = decode<DeletedRow>(value);
    if (!link || !parts.finished() || !row) return erase(Family::kDeleted, key);
    SHALE_TRY_ASSIGN(const bool stored, view_.has(Family::kManifests, keys::content(link->digest)));
    SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kManifestLinks, key));
    return stored && !there ? Result<void>() : erase(Family::kDeleted, key);
  });
}

/// Somebody says that the repository has the manifest. Its edges tell whether it was deleted.
Result<void> Rebuilder::recover_manifest(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto known, owner(repository, digest));
  if (known) return {};
  SHALE_TRY_ASSIGN(auto manifest, read(digest, {}));
  if (!manifest) return {};
  const ManifestLinkRow link{manifest->descriptor.size, manifest->descriptor.media_type,
                             manifest->artifact_type, sequence_, now_};
  const std::string key = keys::link(repository, digest);
  bool marked = false;
  const Scan edges(view_, Family::kEdges, key);
  if (edges.valid()) {
    Decoder rest(edges.key());
    const auto kind = read_kind(rest);
    marked = kind && keys::is_of_deleted(*kind);
  }
  SHALE_TRY(edges.status());
  if (!marked) return put(Family::kManifestLinks, key, encode(link));
  return put(Family::kDeleted, key,
             encode(DeletedRow{link, now_, now_ + kKeep, kActor, sequence_, {}}));
}

Result<std::optional<Rebuilder::Owner>> Rebuilder::owner(const RepositoryName& repository,
                                                         const Digest& digest) const {
  const std::string key = keys::link(repository, digest);
  SHALE_TRY_ASSIGN(const auto link, good<ManifestLinkRow>(Family::kManifestLinks, key));
  if (link) return std::optional(Owner{*link, false});
  SHALE_TRY_ASSIGN(const auto deleted, good<DeletedRow>(Family::kDeleted, key));
  return deleted ? std::optional(Owner{deleted->link, true}) : std::optional<Owner>();
}

Result<void> Rebuilder::rebuild_manifest_holders() {
  for (const Family family : {Family::kManifestLinks, Family::kDeleted}) {
    SHALE_TRY(each(family, {}, [&](const auto& key, auto) -> Result<void> {
      Decoder parts(key);
      const auto link = read_link(parts);
      return put(Family::kManifestRepositories, keys::holder(link->digest, link->repository.str()),
                 encode(EmptyRow{}));
    }));
  }
  SHALE_TRY(each(Family::kManifestRepositories, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto repository = RepositoryName::parse(parts.rest());
    if (!digest || !repository) return erase(Family::kManifestRepositories, key);
    SHALE_TRY_ASSIGN(const auto known, owner(*repository, *digest));
    return known ? Result<void>() : erase(Family::kManifestRepositories, key);
  }));
  // Bytes that no repository has: nobody could pull or delete them.
  return each(Family::kManifests, {}, [&](const auto& key, auto) -> Result<void> {
    const Scan holders(view_, Family::kManifestRepositories, key);
    if (holders.valid()) return {};
    SHALE_TRY(holders.status());
    return erase(Family::kManifests, key);
  });
}

// --- tags and their history ---

Result<void> Rebuilder::rebuild_tags() {
  SHALE_TRY(each(Family::kHistory, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto repository = read_repository(parts);
    const auto tag = Tag::parse(parts.terminated());
    const Sequence sequence = keys::sequence_of_inverted(parts.u64());
    const bool sound = repository && tag && parts.finished() && sequence > 0 &&
                       sequence <= sequence_ && decode<TagMoveRow>(value);
    return sound ? Result<void>() : erase(Family::kHistory, key);
  }));
  const auto walked_tags =
      each(Family::kTags, {}, [&](const auto& key, auto value) -> Result<void> {
        Decoder parts(key);
        const auto repository = read_repository(parts);
        const auto tag = Tag::parse(parts.rest());
        const auto row = decode<TagRow>(value);
        if (!repository || !tag || !row) return erase(Family::kTags, key);
        SHALE_TRY_ASSIGN(const bool there,
                         view_.has(Family::kManifestLinks, keys::link(*repository, row->digest)));
        if (!there) return erase(Family::kTags, key);
        const Scan moves(view_, Family::kHistory, keys::history_of(*repository, *tag));
        if (moves.valid()) return {};  // which has the last word
        SHALE_TRY(moves.status());
        const Sequence sequence =
            row->sequence > 0 && row->sequence <= sequence_ ? row->sequence : sequence_;
        SHALE_TRY(put(Family::kTags, key, encode(TagRow{row->digest, sequence, row->time})));
        return put(Family::kHistory, keys::history(*repository, *tag, sequence),
                   encode(TagMoveRow{row->digest, row->time, kActor}));
      });
  SHALE_TRY(walked_tags);
  // A tag that only the other direction knows of.
  const auto walked_tag_targets =
      each(Family::kTagTargets, {}, [&](const auto& key, auto) -> Result<void> {
        Decoder parts(key);
        const auto link = read_link(parts);
        const auto tag = Tag::parse(parts.rest());
        if (!link || !tag) return {};
        const std::string name = keys::tag(link->repository, *tag);
        SHALE_TRY_ASSIGN(const bool known, view_.has(Family::kTags, name));
        SHALE_TRY_ASSIGN(const bool there, view_.has(Family::kManifestLinks,
                                                     keys::link(link->repository, link->digest)));
        const Scan moves(view_, Family::kHistory, keys::history_of(link->repository, *tag));
        if (known || !there || moves.valid()) return {};
        SHALE_TRY(put(Family::kTags, name, encode(TagRow{link->digest, sequence_, now_})));
        return put(Family::kHistory, keys::history(link->repository, *tag, sequence_),
                   encode(TagMoveRow{link->digest, now_, kActor}));
      });
  SHALE_TRY(walked_tag_targets);
  SHALE_TRY(follow_history());
  return rebuild_tag_targets();
}

/// The newest move of each tag says where it is. One to a manifest that is lost is undone.
Result<void> Rebuilder::follow_history() {
  std::string last;
  return each(Family::kHistory, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto repository = read_repository(parts);
    const auto tag = Tag::parse(parts.terminated());
    const Sequence sequence = keys::sequence_of_inverted(parts.u64());
    const std::string name = keys::tag(*repository, *tag);
    if (name == std::exchange(last, name)) return {};
    SHALE_TRY_ASSIGN(const auto move, decode<TagMoveRow>(value));
    SHALE_TRY_ASSIGN(const bool named, view_.has(Family::kTags, name));
    if (!move.digest) return named ? erase(Family::kTags, name) : Result<void>();
    SHALE_TRY_ASSIGN(const bool there,
                     view_.has(Family::kManifestLinks, keys::link(*repository, *move.digest)));
    if (there) {
      return put(Family::kTags, name, encode(TagRow{*move.digest, sequence, move.time}));
    }
    if (named) SHALE_TRY(erase(Family::kTags, name));
    return put(Family::kHistory, keys::history(*repository, *tag, sequence_),
               encode(TagMoveRow{std::nullopt, now_, kActor}));
  });
}

Result<void> Rebuilder::rebuild_tag_targets() {
  SHALE_TRY(each(Family::kTags, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto repository = read_repository(parts);
    const auto tag = Tag::parse(parts.rest());
    SHALE_TRY_ASSIGN(const auto row, decode<TagRow>(value));
    return put(Family::kTagTargets, keys::tag_target(*repository, row.digest, *tag),
               encode(EmptyRow{}));
  }));
  return each(Family::kTagTargets, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    const auto tag = Tag::parse(parts.rest());
    if (!link || !tag || !decode<EmptyRow>(value)) return erase(Family::kTagTargets, key);
    SHALE_TRY_ASSIGN(const auto row,
                     good<TagRow>(Family::kTags, keys::tag(link->repository, *tag)));
    const bool right = row && row->digest == link->digest;
    return right ? Result<void>() : erase(Family::kTagTargets, key);
  });
}

}  // namespace shale::index::rocks
