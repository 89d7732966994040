#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"
#include "server/api/paging.h"
#include "server/api/preconditions.h"
#include "server/api/tag_text.h"
#include "server/http/grammar.h"

namespace shale::api {
namespace {

using registry::TagName;
using registry::TagWent;

constexpr std::size_t kMovesByDefault = 100;

/// What the path names.
struct Named {
  index::RepositoryName repository;
  index::Tag tag;

  TagName name() const { return {repository, tag}; }
};

Result<Named> parse_named(const Call& call) {
  SHALE_TRY_ASSIGN(auto repository, call.repository());
  SHALE_TRY_ASSIGN(auto tag, index::Tag::parse(call.target.item));
  return Named{std::move(repository), std::move(tag)};
}

Result<std::size_t> moves_asked(const Call& call) {
  const auto limit = call.query.find("limit");
  if (!limit) return std::min(kMovesByDefault, call.settings.page_size);
  const auto number = http::parse_saturated(*limit);
  if (!number || *number == 0) {
    return Error{Errc::kPageInvalid,
                 "limit is no number of moves",
                 {"limit=" + std::string(*limit) + ": it must be 1 or more"}};
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(*number, call.settings.page_size));
}

registry::TagMover mover(const Call& call, const index::RepositoryName& repository) {
  return {call.actor(), call.tag_moves(repository)};
}

/// The answer to what moved a tag, and the lines of the audit for it.
Result<http::Response> moved(const Call& call, const Named& named, std::string_view what,
                             Result<TagWent> went) {
  const std::string& repository = named.repository.str();
  if (!went) {
    if (went.error().code == Errc::kTagExists && call.guard != nullptr) {
      call.guard->note_overwrite_refused(*call.caller, call.request, repository);
    }
    return std::move(went).error();
  }
  if (call.guard != nullptr) {
    const std::optional<Digest>& before = went->from;
    const std::string from = before ? before->str() : "nothing";
    call.guard->note_change(*call.caller, call.request, what, repository + ':' + named.tag.str(),
                            from + " -> " + went->to.str());
  }
  return json_response(tag_went_json(named.name(), *went));
}

Result<TagWent> roll_back(const Call& call, const Named& named, const RollbackGoal& goal) {
  registry::TagPast& past = call.registry.past();
  const auto by = mover(call, named.repository);
  if (const auto* to = std::get_if<Digest>(&goal)) return past.roll_back_to(named.name(), *to, by);
  if (const auto* at = std::get_if<Time>(&goal)) return past.roll_back_to(named.name(), *at, by);
  return past.roll_back(named.name(), by);
}

}  // namespace

Result<http::Response> get_past_tags(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto asked, page_request(call, call.settings.page_size));
  SHALE_TRY_ASSIGN(const auto page,
                   call.registry.past().tags(repository, asked.after, asked.limit));
  return json_response(past_tags_json(repository, page, call.query.find("deleted") == "true"));
}

Result<http::Response> get_past_tag(const Call& call) {
  SHALE_TRY_ASSIGN(const Named named, parse_named(call));
  Time at = Time::max();
  if (const auto text = call.query.find("at")) {
    SHALE_TRY_ASSIGN(at, read_time(*text, "`at`"));
  }
  SHALE_TRY_ASSIGN(const auto stood, call.registry.past().at(named.name(), at));
  const auto found = call.registry.stat_manifest(named.repository, stood.digest);
  if (!found && found.error().code != Errc::kManifestUnknown) return found.error();
  return json_response(past_tag_json(named.name(), stood, found.has_value()));
}

Result<http::Response> get_tag_history(const Call& call) {
  SHALE_TRY_ASSIGN(const Named named, parse_named(call));
  SHALE_TRY_ASSIGN(const std::size_t limit, moves_asked(call));
  SHALE_TRY_ASSIGN(const auto moves, call.registry.past().history(named.name(), limit + 1));
  return json_response(tag_history_json(named.name(), moves, limit));
}

Result<http::Response> post_tag_rollback(const Call& call) {
  if (!is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const Named named, parse_named(call));
  SHALE_TRY_ASSIGN(const RollbackGoal goal, read_rollback(call.request.body));
  return moved(call, named, "roll back tag", roll_back(call, named, goal));
}

Result<http::Response> post_tag_restore(const Call& call) {
  if (!is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const Named named, parse_named(call));
  auto went = call.registry.past().restore(named.name(), mover(call, named.repository));
  return moved(call, named, "restore tag", std::move(went));
}

}  // namespace shale::api
