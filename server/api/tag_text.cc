#include "server/api/tag_text.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/api/json_object.h"
#include "server/api/json_text.h"
#include "server/api/preconditions.h"
#include "server/http/timestamp.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;

Json text_of(const std::optional<Digest>& digest) {
  return digest ? Json(digest->str()) : Json();
}

Json about(const registry::TagName& name) {
  return {{"repository", name.repository.str()}, {"tag", name.tag.str()}};
}

}  // namespace

Result<RollbackGoal> read_rollback(std::string_view text) {
  SHALE_TRY_ASSIGN(const Json json, read_object(text, {"to", "at"}));
  SHALE_TRY_ASSIGN(const auto to, read_text(json, "to"));
  SHALE_TRY_ASSIGN(const auto at, read_text(json, "at"));
  if (to && at) return invalid("`to` and `at` at once: write one of them");
  if (to) {
    SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(*to));
    return RollbackGoal(digest);
  }
  if (!at) return RollbackGoal();
  SHALE_TRY_ASSIGN(const Time time, read_time(*at, "`at`"));
  return RollbackGoal(time);
}

std::string past_tags_json(const index::RepositoryName& repository,
                           const index::Page<registry::PastTag>& page, bool with_deleted) {
  Json tags = Json::array();
  for (const registry::PastTag& tag : page.items) {
    if (!tag.last.digest && !with_deleted) continue;
    tags.push_back({{"tag", tag.tag.str()},
                    {"digest", text_of(tag.last.digest)},
                    {"moved", http::format_timestamp(tag.last.time)},
                    {"actor", tag.last.actor}});
  }
  return dump({{"repository", repository.str()},
               {"tags", std::move(tags)},
               {"next", page.more ? Json(page.items.back().tag.str()) : Json()}});
}

std::string past_tag_json(const registry::TagName& name, const registry::TagStood& stood,
                          bool present) {
  Json json = about(name);
  json["digest"] = stood.digest.str();
  json["present"] = present;
  json["moved"] = http::format_timestamp(stood.moved);
  json["actor"] = stood.actor;
  return dump(json);
}

std::string tag_history_json(const registry::TagName& name,
                             const std::vector<index::TagMove>& moves, std::size_t limit) {
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(limit, moves.size()); ++i) {
    const auto before = i + 1 < moves.size() ? moves[i + 1].digest : std::nullopt;
    list.push_back({{"time", http::format_timestamp(moves[i].time)},
                    {"actor", moves[i].actor},
                    {"from", text_of(before)},
                    {"to", text_of(moves[i].digest)}});
  }
  Json json = about(name);
  json["moves"] = std::move(list);
  json["more"] = moves.size() > limit;
  return dump(json);
}

std::string tag_went_json(const registry::TagName& name, const registry::TagWent& went) {
  Json json = about(name);
  json["from"] = text_of(went.from);
  json["to"] = went.to.str();
  return dump(json);
}

}  // namespace shale::api
