#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

using rocks::Commit;
using rocks::Family;
using rocks::Scan;
using rocks::View;
namespace keys = rocks::keys;

Error damaged(const std::string& where) {
  return {Errc::kCorrupt, "the history of " + where + " has a damaged key"};
}

}  // namespace

/// Reads from the newest on, for a clock that was set back leaves times in no order.
Result<std::optional<TagMove>> RocksMetadataStore::find_move(const RepositoryName& repository,
                                                             const Tag& tag, Time at) const {
  const View view(*state_->database);
  Scan scan(view, Family::kHistory, keys::history_of(repository, tag));
  for (; scan.valid(); scan.next()) {
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::TagMoveRow>(scan.value()));
    if (row.time > at) continue;
    rocks::Decoder key(scan.key());
    const Sequence sequence = keys::sequence_of_inverted(key.u64());
    if (!key.finished()) return damaged(tag.str());
    return std::optional(TagMove{sequence, row.time, std::move(row.actor), row.digest});
  }
  SHALE_TRY(scan.status());
  return std::optional<TagMove>();
}

/// Seeks from tag to tag, for one may have moved a thousand times.
Result<Page<Tag>> RocksMetadataStore::list_moved_tags(const RepositoryName& repository,
                                                      std::string_view after,
                                                      std::size_t limit) const {
  const View view(*state_->database);
  const std::string prefix = keys::of_repository(repository.str());
  Page<Tag> page;
  // The NUL that ends a tag in a key is below all that a tag may have: what follows all
  // rows of `after` begins with it and a byte that is one more.
  std::string from = after.empty() ? std::string() : std::string(after) + '\x01';
  for (;;) {
    const Scan scan(view, Family::kHistory, prefix, from);
    SHALE_TRY(scan.status());
    if (!scan.valid()) break;
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    rocks::Decoder key(scan.key());
    Result<Tag> tag = Tag::parse(key.terminated());
    if (!tag) return damaged(repository.str());
    from = tag->str() + '\x01';
    page.items.push_back(*std::move(tag));
  }
  return page;
}

namespace {

Result<DeletedManifest> deleted_manifest(const Digest& digest, rocks::DeletedRow row) {
  DeletedManifest deleted{.descriptor = {digest, std::move(row.link.media_type), row.link.size},
                          .artifact_type = std::move(row.link.artifact_type),
                          .pushed = row.link.time,
                          .deleted = row.deleted,
                          .due = row.due,
                          .actor = std::move(row.actor),
                          .tags = {},
                          .operation = row.operation};
  for (const std::string& text : row.tags) {
    Result<Tag> tag = Tag::parse(text);
    if (!tag) {
      return Error{Errc::kCorrupt, "the history of " + digest.str() + " has an impossible tag"};
    }
    deleted.tags.push_back(*std::move(tag));
  }
  return deleted;
}

}  // namespace

Result<bool> RocksMetadataStore::is_kept_by_history(const RepositoryName& repository,
                                                    const Digest& blob) const {
  return Commit::is_kept(View(*state_->database), repository, blob, nullptr);
}

Result<std::optional<DeletedManifest>> RocksMetadataStore::find_deleted(
    const RepositoryName& repository, const Digest& digest) const {
  SHALE_TRY_ASSIGN(auto row,
                   View(*state_->database)
                       .row<rocks::DeletedRow>(Family::kDeleted, keys::link(repository, digest)));
  if (!row) {
    return std::optional<DeletedManifest>();
  }
  SHALE_TRY_ASSIGN(DeletedManifest deleted, deleted_manifest(digest, *std::move(row)));
  return std::optional(std::move(deleted));
}

Result<Page<DeletedManifest>> RocksMetadataStore::list_deleted(const RepositoryName& repository,
                                                               const std::optional<Digest>& after,
                                                               std::size_t limit) const {
  const View view(*state_->database);
  Page<DeletedManifest> page;
  Scan scan(view, Family::kDeleted, keys::of_repository(repository.str()),
            after ? keys::content(*after) + '\0' : std::string());
  for (; scan.valid() && page.items.size() < limit; scan.next()) {
    rocks::Decoder key(scan.key());
    const std::optional<Digest> digest = key.digest();
    if (!digest || !key.finished()) {
      return damaged(repository.str());
    }
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::DeletedRow>(scan.value()));
    SHALE_TRY_ASSIGN(DeletedManifest deleted, deleted_manifest(*digest, std::move(row)));
    page.items.push_back(std::move(deleted));
  }
  page.more = limit > 0 && scan.valid();
  SHALE_TRY(scan.status());
  return page;
}

Result<Sequence> RocksMetadataStore::restore_manifest(const RestoreManifest& request) {
  return state_->commit([&](Commit& commit) { return commit.restore_manifest(request); });
}

Result<Sequence> RocksMetadataStore::move_tag(const MoveTag& request) {
  return state_->commit([&](Commit& commit) { return commit.move_tag(request); });
}

}  // namespace shale::index
