#include <algorithm>
#include <ranges>

#include "server/index/memory_metadata_store.h"
#include "server/index/reference_check.h"

namespace shale::index {

Result<std::optional<TagMove>> MemoryMetadataStore::find_move(const RepositoryName& repository,
                                                              const Tag& tag, Time at) const {
  const auto state = state_.lock();
  const auto found = state->history.find({repository, tag});
  if (found == state->history.end()) return std::optional<TagMove>();
  for (const TagMove& move : std::views::reverse(found->second)) {
    if (move.time <= at) return std::optional(move);
  }
  return std::optional<TagMove>();
}

Result<Page<Tag>> MemoryMetadataStore::list_moved_tags(const RepositoryName& repository,
                                                       std::string_view after,
                                                       std::size_t limit) const {
  const auto state = state_.lock();
  Page<Tag> page;
  for (const auto& [of, moves] : state->history) {
    if (of.first != repository || of.second.str() <= after) continue;
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.items.push_back(of.second);
  }
  return page;
}

Result<Sequence> MemoryMetadataStore::move_tag(const MoveTag& request) {
  const auto state = state_.lock();
  if (state->find(request.repository, request.to) == nullptr) {
    return Error{Errc::kManifestUnknown,
                 request.to.str() + " is not in " + request.repository.str()};
  }
  const auto named = state->named(request.repository, request.tag);
  SHALE_TRY(demand_move(request.tag, named, request.to, request.tag_moves, request.condition));
  if (named && *named != request.to) {
    SHALE_TRY(demand_movable(policy_, request.repository, request.tag));
  }
  SHALE_TRY(demand_room(*state, request.repository, 0, named ? 0 : 1));
  ++state->sequence;
  state->repositories[request.repository].untagged.erase(request.to);
  move_tag(*state, request.repository, request.tag, request.to, request.actor);
  return settle(*state);
}

}  // namespace shale::index
