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

Result<Sequence> RocksMetadataStore::move_tag(const MoveTag& request) {
  return state_->commit([&](Commit& commit) { return commit.move_tag(request); });
}

}  // namespace shale::index
