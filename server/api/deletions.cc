#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_object.h"
#include "server/api/json_text.h"
#include "server/api/paging.h"
#include "server/http/timestamp.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using index::RepositoryName;
using registry::RunMode;

constexpr WireError kForGood{403, "DENIED", "this is for whoever administers the repository"};

/// So many of each kind are listed; all are counted.
constexpr std::size_t kListed = 1000;

http::Response answer(const Json& json) {
  return json_response(dump(json));
}

Result<std::optional<Digest>> read_digest(std::string_view body) {
  SHALE_TRY_ASSIGN(const Json json, read_object(body, {"digest"}));
  SHALE_TRY_ASSIGN(const auto text, read_text(json, "digest"));
  if (!text) return std::optional<Digest>();
  SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(*text));
  return std::optional(digest);
}

bool may_administer(const Call& call, const RepositoryName& repository) {
  return call.caller == nullptr || call.caller->may(auth::Action::kAdmin, repository.str());
}

void note(const Call& call, std::string_view what, const std::string& about,
          const std::string& detail) {
  if (call.guard != nullptr) {
    call.guard->note_change(*call.caller, call.request, what, about, detail);
  }
}

Json tags_json(const std::vector<index::Tag>& tags) {
  Json list = Json::array();
  for (const index::Tag& tag : tags)
    list.push_back(tag.str());
  return list;
}

/// How many there are, and the first of them.
template <class Items, class ToJson>
Json counted(const Items& items, ToJson to_json) {
  Json list = Json::array();
  for (const auto& item : items) {
    if (list.size() == kListed) break;
    list.push_back(to_json(item));
  }
  return {{"count", items.size()}, {"first", std::move(list)}};
}

Json removal_json(const registry::Removal& removal) {
  Json json;
  json["tags"] = counted(removal.tags, [](const index::Tag& tag) { return Json(tag.str()); });
  json["manifests"] = counted(removal.manifests, [](const registry::LeavingManifest& manifest) {
    return Json{{"digest", manifest.digest.str()},
                {"size", manifest.size},
                {"tags", tags_json(manifest.tags)}};
  });
  json["blobs"] = counted(removal.blobs, [](const registry::LeavingBlob& blob) {
    return Json{{"digest", blob.digest.str()}, {"size", blob.size}};
  });
  json["kept"] = counted(removal.kept, [](const registry::KeptContent& kept) {
    return Json{{"digest", kept.digest.str()}, {"size", kept.size}, {"by", kept.by}};
  });
  json["bytes"] = removal.bytes;
  return json;
}

struct Wish {
  registry::RemovalGoal goal;
  RunMode mode = RunMode::kRemove;
  bool for_good = false;
};

Result<Wish> read_wish(const Call& call) {
  SHALE_TRY_ASSIGN(auto repository, call.repository());
  SHALE_TRY_ASSIGN(const Json json,
                   read_object(call.request.body, {"reference", "dry_run", "for_good"}));
  Wish wish{.goal = {std::move(repository), std::nullopt}};
  SHALE_TRY_ASSIGN(const auto reference, read_text(json, "reference"));
  if (reference) {
    SHALE_TRY_ASSIGN(wish.goal.reference, index::parse_reference(*reference));
  }
  SHALE_TRY_ASSIGN(const bool dry, read_flag(json, "dry_run"));
  if (dry) wish.mode = RunMode::kDry;
  SHALE_TRY_ASSIGN(wish.for_good, read_flag(json, "for_good"));
  return wish;
}

std::string name_of(const registry::RemovalGoal& goal) {
  if (!goal.reference) return goal.repository.str();
  if (const auto* tag = std::get_if<index::Tag>(&*goal.reference)) {
    return goal.repository.str() + ':' + tag->str();
  }
  return goal.repository.str() + '@' + std::get<Digest>(*goal.reference).str();
}

Json restored_json(const registry::Restored& restored) {
  return {{"digest", restored.digest.str()},
          {"tags", tags_json(restored.tags)},
          {"taken", tags_json(restored.taken)}};
}

Json deleted_json(const index::DeletedManifest& deleted) {
  return {{"digest", deleted.descriptor.digest.str()},          {"size", deleted.descriptor.size},
          {"media_type", deleted.descriptor.media_type},        {"tags", tags_json(deleted.tags)},
          {"deleted", http::format_timestamp(deleted.deleted)}, {"actor", deleted.actor},
          {"until", http::format_timestamp(deleted.due)},       {"operation", deleted.operation}};
}

}  // namespace

Result<http::Response> post_remove(const Call& call) {
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const Wish wish, read_wish(call));
  const RepositoryName& repository = wish.goal.repository;
  if (wish.for_good && !may_administer(call, repository)) return error_response(kForGood);
  const registry::Deletions deletions = call.registry.deletions();
  index::By by(call.actor());
  by.for_good = wish.for_good;
  SHALE_TRY_ASSIGN(const registry::Removal removal,
                   deletions.remove(wish.goal, wish.mode, by, [&](const RepositoryName& other) {
                     return call.may_see(other);
                   }));
  const bool dry = wish.mode == RunMode::kDry;
  if (!dry) {
    note(call, wish.for_good ? "remove for good" : "remove", name_of(wish.goal),
         std::to_string(removal.manifests.size()) + " manifests, " +
             std::to_string(removal.tags.size()) + " tags");
  }
  Json json{{"repository", repository.str()}, {"dry_run", dry}, {"for_good", wish.for_good}};
  json["restorable_for_ms"] = wish.for_good ? 0 : deletions.history(repository).count();
  json.update(removal_json(removal));
  return answer(json);
}

Result<http::Response> post_restore(const Call& call) {
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto digest, read_digest(call.request.body));
  SHALE_TRY_ASSIGN(const auto restored,
                   call.registry.deletions().restore(repository, digest, call.actor()));
  note(call, "restore", repository.str() + (digest ? '@' + digest->str() : ""),
       std::to_string(restored.size()) + " manifests");
  Json json{{"repository", repository.str()}};
  json["restored"] = counted(restored, restored_json);
  return answer(json);
}

Result<http::Response> get_deleted(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto asked, page_request(call, call.settings.page_size));
  std::optional<Digest> after;
  if (!asked.after.empty()) {
    SHALE_TRY_ASSIGN(after, Digest::parse(asked.after));
  }
  SHALE_TRY_ASSIGN(const auto page, call.registry.deletions().list(repository, after, asked.limit));
  Json deleted = Json::array();
  for (const index::DeletedManifest& one : page.items)
    deleted.push_back(deleted_json(one));
  return answer({{"repository", repository.str()},
                 {"deleted", std::move(deleted)},
                 {"next", page.more ? Json(page.items.back().descriptor.digest.str()) : Json()}});
}

Result<http::Response> post_deleted_drop(const Call& call) {
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  if (!may_administer(call, repository)) return error_response(kForGood);
  SHALE_TRY_ASSIGN(const auto digest, read_digest(call.request.body));
  SHALE_TRY_ASSIGN(const std::size_t dropped, call.registry.deletions().drop(repository, digest));
  note(call, "drop history", repository.str() + (digest ? '@' + digest->str() : ""),
       std::to_string(dropped) + " manifests");
  return answer({{"repository", repository.str()}, {"dropped", dropped}});
}

}  // namespace shale::api
