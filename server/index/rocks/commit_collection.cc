#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

namespace shale::index::rocks {

using Outcome = Collected::Outcome;

Result<Collected> Commit::collect(const Doomed& doomed) {
  switch (doomed.kind) {
    case Doomed::Kind::kLink:
      return collect_link(doomed);
    case Doomed::Kind::kBlob:
      return collect_blob(doomed);
    case Doomed::Kind::kFile:
      return collect_file(doomed);
    case Doomed::Kind::kDeleted:
      return collect_deleted(doomed);
    case Doomed::Kind::kUntagged:
      return collect_untagged(doomed);
  }
  return Collected{};
}

/// `due` in the link tells whether the row is the latest word: a link that was renewed
/// or is named again says something else. The row goes in any case, so that one which says
/// nothing true does not stand at the front for good. What a deleted manifest names stays,
/// out of sight.
Result<Collected> Commit::collect_link(const Doomed& doomed) {
  SHALE_TRY_ASSIGN(const auto repository, RepositoryName::parse(doomed.repository));
  SHALE_TRY_ASSIGN(const auto link, find_link(repository, doomed.digest));
  erase(Family::kDoomed, keys::doomed(doomed));
  if (!link || link->due != doomed.due) return Collected{};
  SHALE_TRY_ASSIGN(const bool kept, is_kept(view_, repository, doomed.digest, nullptr));
  if (kept) {
    hide(repository, doomed.digest, *link);
    return Collected{Outcome::kHidden, 0};
  }
  SHALE_TRY_ASSIGN(const bool shared, unlink(repository, doomed.digest, *link));
  if (shared) return Collected{Outcome::kUnlinked, 0};
  return forget(doomed.digest);
}

Result<Collected> Commit::collect_blob(const Doomed& doomed) {
  SHALE_TRY_ASSIGN(const auto blob,
                   view_.row<BlobRow>(Family::kBlobs, keys::content(doomed.digest)));
  erase(Family::kDoomed, keys::doomed(doomed));
  if (!blob || blob->due != doomed.due) return Collected{};
  return forget(doomed.digest);
}

/// The bytes may have been pushed again since. A small blob needs no file even then.
Result<Collected> Commit::collect_file(const Doomed& doomed) {
  SHALE_TRY_ASSIGN(const auto blob,
                   view_.row<BlobRow>(Family::kBlobs, keys::content(doomed.digest)));
  if (!blob || blob->small) return Collected{Outcome::kRemoveFile, 0};
  erase(Family::kDoomed, keys::doomed(doomed));
  return Collected{};
}

/// Of bytes that nobody holds. Those in a file leave a row that names it, in this very
/// commit, so that a crash before the file is removed leaves nothing behind for good.
Result<Collected> Commit::forget(const Digest& digest) {
  const std::string key = keys::content(digest);
  SHALE_TRY_ASSIGN(const auto blob, view_.row<BlobRow>(Family::kBlobs, key));
  if (!blob) return Error{Errc::kCorrupt, digest.str() + " is linked and nothing is known of it"};
  erase(Family::kBlobs, key);
  --store_usage_.blobs;
  store_usage_.bytes -= static_cast<std::int64_t>(blob->size);
  if (blob->small) {
    erase(Family::kSmallBlobs, key);
    return Collected{Outcome::kFreed, blob->size};
  }
  put(Family::kDoomed, keys::doomed({now_, Doomed::Kind::kFile, "", digest}), EmptyRow{});
  return Collected{Outcome::kForgotten, blob->size};
}

}  // namespace shale::index::rocks
