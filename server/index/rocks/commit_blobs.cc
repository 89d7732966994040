#include <algorithm>

#include "server/index/rocks/commit.h"
#include "server/index/rocks/keys.h"

namespace shale::index::rocks {
namespace {

Doomed doomed_link(const RepositoryName& repository, const Digest& digest, Time due) {
  return {due, Doomed::Kind::kLink, repository.str(), digest};
}

Doomed doomed_blob(const Digest& digest, Time due) {
  return {due, Doomed::Kind::kBlob, "", digest};
}

Error not_linked(const RepositoryName& repository, const Digest& digest) {
  return {Errc::kBlobUnknown, digest.str() + " is not in " + repository.str()};
}

}  // namespace

/// Whether a manifest of `repository`, `besides` left out, names the blob. Kinds
/// that point at blobs come first, and of each kind there is one row per manifest,
/// so at most four rows are looked at.
Result<bool> Commit::is_named(const RepositoryName& repository, const Digest& blob,
                              const Digest* besides) const {
  const std::string skipped = besides == nullptr ? std::string() : keys::content(*besides);
  Scan scan(view_, Family::kEdgesTo, keys::link(repository, blob));
  for (; scan.valid(); scan.next()) {
    const auto kind = static_cast<EdgeKind>(scan.key().front());
    if (points_at_manifest(kind) || keys::is_of_deleted(kind)) {
      break;
    }
    if (scan.key().substr(1) != skipped) {
      return true;
    }
  }
  SHALE_TRY(scan.status());
  return false;
}

/// Whether a deleted manifest of `repository`, `besides` left out, names the blob.
Result<bool> Commit::is_kept(const View& view, const RepositoryName& repository, const Digest& blob,
                             const Digest* besides) {
  const std::string skipped = besides == nullptr ? std::string() : keys::content(*besides);
  Scan scan(view, Family::kEdgesTo, keys::link(repository, blob), std::string_view("\x81", 1));
  for (; scan.valid(); scan.next()) {
    const auto kind = keys::of_present(static_cast<EdgeKind>(scan.key().front()));
    if (points_at_manifest(kind)) {
      break;
    }
    if (scan.key().substr(1) != skipped) {
      return true;
    }
  }
  SHALE_TRY(scan.status());
  return false;
}

Result<std::optional<BlobLinkRow>> Commit::find_link(const RepositoryName& repository,
                                                     const Digest& digest) const {
  return view_.row<BlobLinkRow>(Family::kBlobLinks, keys::link(repository, digest));
}

/// Writes the link with a new `due`, and moves its doomed row accordingly.
void Commit::put_link(const RepositoryName& repository, const Digest& digest, BlobLinkRow row,
                      std::optional<Time> due) {
  if (row.due) {
    erase(Family::kDoomed, keys::doomed(doomed_link(repository, digest, *row.due)));
  }
  row.due = due;
  put(Family::kBlobLinks, keys::link(repository, digest), row);
  if (due) {
    put(Family::kDoomed, keys::doomed(doomed_link(repository, digest, *due)), EmptyRow{});
  }
}

/// From now on only history needs it.
void Commit::hide(const RepositoryName& repository, const Digest& digest, const BlobLinkRow& row) {
  BlobLinkRow hidden = row;
  hidden.hidden = true;
  put_link(repository, digest, hidden, std::nullopt);
  Usage& usage = usage_[repository.str()];
  --usage.blobs;
  usage.pinned += static_cast<std::int64_t>(row.size);
}

/// With a new `due`, whether it was hidden or not.
void Commit::show(const RepositoryName& repository, const Digest& digest, BlobLinkRow row,
                  std::optional<Time> due) {
  if (row.hidden) {
    Usage& usage = usage_[repository.str()];
    ++usage.blobs;
    usage.pinned -= static_cast<std::int64_t>(row.size);
    row.hidden = false;
  }
  put_link(repository, digest, row, due);
}

/// For a blob that gains an edge.
Result<void> Commit::spare(const RepositoryName& repository, const Digest& blob) {
  SHALE_TRY_ASSIGN(const auto link, find_link(repository, blob));
  if (link && (link->due || link->hidden)) {
    show(repository, blob, *link, std::nullopt);
  }
  return {};
}

Result<void> Commit::link_blob(const RepositoryName& repository, const Digest& digest,
                               std::uint64_t size, const std::optional<std::string>& bytes) {
  if (bytes) {
    put_bytes(Family::kSmallBlobs, keys::content(digest), encode_content(*bytes));
  }
  SHALE_TRY(need_content(digest, size, bytes.has_value()));
  SHALE_TRY_ASSIGN(const bool named, is_named(repository, digest, nullptr));
  const std::optional<Time> due = named ? std::nullopt : std::optional(due_);
  SHALE_TRY_ASSIGN(const auto link, find_link(repository, digest));
  if (link) {
    show(repository, digest, *link, due);
    return {};
  }
  ++usage_[repository.str()].blobs;
  SHALE_TRY(gain_holder(Family::kBlobRepositories, repository, digest, size));
  put_link(repository, digest, {size, std::nullopt, sequence_, now_}, due);
  return {};
}

/// The part of a link that concerns the bytes: they are known, and not doomed.
Result<void> Commit::need_content(const Digest& digest, std::uint64_t size, bool small) {
  const std::string key = keys::content(digest);
  SHALE_TRY_ASSIGN(const auto blob, view_.row<BlobRow>(Family::kBlobs, key));
  if (!blob) {
    put(Family::kBlobs, key, BlobRow{size, std::nullopt, small});
    ++store_usage_.blobs;
    store_usage_.bytes += static_cast<std::int64_t>(size);
    return {};
  }
  if (blob->size != size) {
    return Error{Errc::kCorrupt, digest.str() + " is recorded with another size"};
  }
  if (blob->due) {
    erase(Family::kDoomed, keys::doomed(doomed_blob(digest, *blob->due)));
  }
  if (blob->due || (small && !blob->small)) {
    put(Family::kBlobs, key, BlobRow{size, std::nullopt, small || blob->small});
  }
  return {};
}

Result<void> Commit::mount_blob(const RepositoryName& from, const RepositoryName& to,
                                const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto source, find_link(from, digest));
  if (!source || source->hidden) {
    return not_linked(from, digest);
  }
  return link_blob(to, digest, source->size, std::nullopt);
}

Result<void> Commit::delete_blob(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto link, find_link(repository, digest));
  if (!link || link->hidden) {
    return not_linked(repository, digest);
  }
  SHALE_TRY_ASSIGN(const bool named, is_named(repository, digest, nullptr));
  if (named) {
    return Error{Errc::kBlobReferenced,
                 digest.str() + " is named by a manifest of " + repository.str()};
  }
  SHALE_TRY_ASSIGN(const bool kept, is_kept(view_, repository, digest, nullptr));
  if (kept) {
    hide(repository, digest, *link);
    return {};
  }
  if (link->due) {
    erase(Family::kDoomed, keys::doomed(doomed_link(repository, digest, *link->due)));
  }
  SHALE_TRY_ASSIGN(const bool shared, unlink(repository, digest, *link));
  if (!shared) {
    SHALE_TRY_ASSIGN(const auto blob, view_.row<BlobRow>(Family::kBlobs, keys::content(digest)));
    put(Family::kBlobs, keys::content(digest), BlobRow{link->size, due_, blob && blob->small});
    put(Family::kDoomed, keys::doomed(doomed_blob(digest, due_)), EmptyRow{});
  }
  return {};
}

Result<bool> Commit::unlink(const RepositoryName& repository, const Digest& digest,
                            const BlobLinkRow& row) {
  erase(Family::kBlobLinks, keys::link(repository, digest));
  Usage& usage = usage_[repository.str()];
  if (row.hidden) {
    usage.pinned -= static_cast<std::int64_t>(row.size);
  } else {
    --usage.blobs;
  }
  return lose_holder(Family::kBlobRepositories, repository, digest, row.size);
}

/// Who has the content besides `repository`, up to two of them: with none or one,
/// the bytes are unique to somebody.
Result<std::vector<std::string>> Commit::other_holders(Family holders,
                                                       const RepositoryName& repository,
                                                       const Digest& digest) const {
  std::vector<std::string> others;
  Scan scan(view_, holders, keys::content(digest));
  for (; scan.valid() && others.size() < 2; scan.next()) {
    if (scan.key() != repository.str()) {
      others.emplace_back(scan.key());
    }
  }
  SHALE_TRY(scan.status());
  return others;
}

Result<void> Commit::gain_holder(Family holders, const RepositoryName& repository,
                                 const Digest& digest, std::uint64_t size) {
  put(holders, keys::holder(digest, repository.str()), EmptyRow{});
  const auto bytes = static_cast<std::int64_t>(size);
  usage_[repository.str()].logical += bytes;
  SHALE_TRY_ASSIGN(const auto others, other_holders(holders, repository, digest));
  if (others.empty()) {
    usage_[repository.str()].unique += bytes;
  } else if (others.size() == 1) {
    usage_[others.front()].unique -= bytes;
  }
  return {};
}

/// Whether somebody else still has it.
Result<bool> Commit::lose_holder(Family holders, const RepositoryName& repository,
                                 const Digest& digest, std::uint64_t size) {
  erase(holders, keys::holder(digest, repository.str()));
  const auto bytes = static_cast<std::int64_t>(size);
  usage_[repository.str()].logical -= bytes;
  SHALE_TRY_ASSIGN(const auto others, other_holders(holders, repository, digest));
  if (others.empty()) {
    usage_[repository.str()].unique -= bytes;
  } else if (others.size() == 1) {
    usage_[others.front()].unique += bytes;
  }
  return !others.empty();
}

}  // namespace shale::index::rocks
