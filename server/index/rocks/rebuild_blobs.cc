#include <span>
#include <utility>

#include "server/index/rocks/rebuild.h"

namespace shale::index::rocks {

/// Of the bytes that are there, wherever.
Result<std::optional<std::uint64_t>> Rebuilder::size_of(const Digest& digest) const {
  SHALE_TRY_ASSIGN(const auto small, view_.get(Family::kSmallBlobs, keys::content(digest)));
  if (small) {
    const auto bytes = decode_content(*small);
    if (bytes) return std::optional<std::uint64_t>(bytes->size());
  }
  return sources_.file_size(digest);
}

Result<bool> Rebuilder::is_named(const RepositoryName& repository, const Digest& blob,
                                 bool deleted) const {
  for (const EdgeKind kind : {EdgeKind::kConfig, EdgeKind::kLayer, EdgeKind::kBlob}) {
    const Scan scan(view_, Family::kEdgesTo,
                    keys::edges_to(repository, blob, deleted ? keys::of_deleted(kind) : kind));
    if (scan.valid()) return true;
    SHALE_TRY(scan.status());
  }
  return false;
}

/// Damaged bytes go: without them the blob is missing, which the next push repairs.
Result<void> Rebuilder::rebuild_small_blobs() {
  return each(Family::kSmallBlobs, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto bytes = decode_content(value);
    const bool sound = digest && parts.finished() && bytes &&
                       Digest::of(digest->algorithm(), std::as_bytes(std::span(*bytes))) == *digest;
    return sound ? Result<void>() : erase(Family::kSmallBlobs, key);
  });
}

/// Links that are lost: whoever is said to have the blob has it, and so has whose manifest
/// could not have been pushed without it.
Result<void> Rebuilder::recover_blob_links() {
  const auto recover = [&](const RepositoryName& repository, const Digest& blob) -> Result<void> {
    const std::string key = keys::link(repository, blob);
    SHALE_TRY_ASSIGN(const auto link, good<BlobLinkRow>(Family::kBlobLinks, key));
    if (link) return {};
    SHALE_TRY_ASSIGN(auto size, size_of(blob));
    if (!size) {
      SHALE_TRY_ASSIGN(const auto row, good<BlobRow>(Family::kBlobs, keys::content(blob)));
      if (row) size = row->size;
    }
    if (!size) return {};
    SHALE_TRY_ASSIGN(const bool shown, is_named(repository, blob, false));
    SHALE_TRY_ASSIGN(const bool kept, is_named(repository, blob, true));
    return put(Family::kBlobLinks, key,
               encode(BlobLinkRow{.size = *size,
                                  .due = std::nullopt,
                                  .sequence = sequence_,
                                  .time = now_,
                                  .hidden = kept && !shown}));
  };
  SHALE_TRY(each(Family::kBlobRepositories, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto repository = RepositoryName::parse(parts.rest());
    return digest && repository ? recover(*repository, *digest) : Result<void>();
  }));
  if (!sources_.link_what_is_named) return {};
  return each(Family::kEdges, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto parent = read_link(parts);
    const auto kind = read_kind(parts);
    const auto child = parts.digest();
    const auto row = decode<EdgeRow>(value);
    if (!parent || !kind || !child || !row || !row->must_exist) return {};
    if (points_at_manifest(keys::of_present(*kind))) return {};
    return recover(parent->repository, *child);
  });
}

Result<void> Rebuilder::rebuild_blob_links() {
  return each(Family::kBlobLinks, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    if (!link || !parts.finished()) return erase(Family::kBlobLinks, key);
    SHALE_TRY_ASSIGN(const auto size, size_of(link->digest));
    SHALE_TRY_ASSIGN(const auto blob, good<BlobRow>(Family::kBlobs, keys::content(link->digest)));
    const auto decoded = decode<BlobLinkRow>(value);
    if (!decoded && !size && !blob) return erase(Family::kBlobLinks, key);
    BlobLinkRow row;
    row.time = now_;
    if (decoded) row = *decoded;
    if (row.sequence == 0 || row.sequence > sequence_) row.sequence = sequence_;
    // The row of the blob has the last word on a file that was cut: that is damage.
    if (!decoded || (blob && blob->size != row.size)) {
      row.size = blob ? blob->size : size.value_or(row.size);
    }
    SHALE_TRY_ASSIGN(const bool shown, is_named(link->repository, link->digest, false));
    SHALE_TRY_ASSIGN(const bool kept, is_named(link->repository, link->digest, true));
    if (shown) row.hidden = false;
    const bool needed = shown || (row.hidden && kept);
    if (needed) row.due.reset();
    if (!needed && !row.due) row.due = now_ + lease_;
    return put(Family::kBlobLinks, key, encode(row));
  });
}

Result<void> Rebuilder::rebuild_blob_holders() {
  SHALE_TRY(each(Family::kBlobLinks, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    return put(Family::kBlobRepositories, keys::holder(link->digest, link->repository.str()),
               encode(EmptyRow{}));
  }));
  return each(Family::kBlobRepositories, {}, [&](const auto& key, auto) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto repository = RepositoryName::parse(parts.rest());
    if (!digest || !repository) return erase(Family::kBlobRepositories, key);
    SHALE_TRY_ASSIGN(const bool there,
                     view_.has(Family::kBlobLinks, keys::link(*repository, *digest)));
    return there ? Result<void>() : erase(Family::kBlobRepositories, key);
  });
}

Result<void> Rebuilder::rebuild_blobs() {
  const auto make = [&](const Digest& digest, std::uint64_t size) -> Result<void> {
    const std::string key = keys::content(digest);
    SHALE_TRY_ASSIGN(const auto known, good<BlobRow>(Family::kBlobs, key));
    if (known) return {};
    SHALE_TRY_ASSIGN(const bool small, view_.has(Family::kSmallBlobs, key));
    return put(Family::kBlobs, key, encode(BlobRow{size, std::nullopt, small}));
  };
  SHALE_TRY(each(Family::kBlobLinks, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto link = read_link(parts);
    SHALE_TRY_ASSIGN(const auto row, decode<BlobLinkRow>(value));
    return make(link->digest, row.size);
  }));
  SHALE_TRY(each(Family::kSmallBlobs, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    SHALE_TRY_ASSIGN(const auto bytes, decode_content(value));
    return make(*digest, bytes.size());
  }));
  return each(Family::kBlobs, {}, [&](const auto& key, auto value) -> Result<void> {
    Decoder parts(key);
    const auto digest = parts.digest();
    const auto decoded = decode<BlobRow>(value);
    if (!digest || !parts.finished() || !decoded) return erase(Family::kBlobs, key);
    BlobRow row = *decoded;
    SHALE_TRY_ASSIGN(row.small, view_.has(Family::kSmallBlobs, key));
    const Scan holders(view_, Family::kBlobRepositories, key);
    const bool linked = holders.valid();
    SHALE_TRY(holders.status());
    if (linked) row.due.reset();
    if (!linked && !row.due) row.due = now_ + lease_;
    return put(Family::kBlobs, key, encode(row));
  });
}

}  // namespace shale::index::rocks
