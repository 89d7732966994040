#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "auth/repository_pattern.h"
#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using registry::Retained;
using registry::RunMode;

constexpr WireError kInvalid{400, "UNSUPPORTED", "this does not say where retention is to run"};
constexpr WireError kDenied{403, "DENIED", "you may not run retention where you do not administer"};

/// One answer looks at so many repositories, or fewer when they hold much.
constexpr std::size_t kRepositories = 1000;
constexpr std::size_t kManifests = 2000;
/// So many of one repository are listed, those that go before those that stay.
constexpr std::size_t kListed = 10000;

struct Wish {
  auth::RepositoryPattern where;
  RunMode mode = RunMode::kRemove;
  std::string after;
};

/// Reads `{"repository", "dry_run", "after"}`, of which the first must be there; or says what
/// is wrong.
std::variant<Wish, std::string> read_wish(std::string_view text) {
  constexpr std::array<std::string_view, 3> kMembers = {"repository", "dry_run", "after"};
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return "the body is no JSON object";
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(kMembers, name) == kMembers.end()) {
      return "there is no member `" + name + '`';
    }
  }
  const auto repository = json.find("repository");
  if (repository == json.end() || !repository->is_string()) {
    return "`repository` must be there, a name or a pattern such as team-a/**";
  }
  auto pattern = auth::RepositoryPattern::parse(repository->get<std::string>());
  if (!pattern) return '`' + repository->get<std::string>() + "` can match no repository";
  Wish wish{*std::move(pattern), RunMode::kRemove, {}};
  if (const auto dry = json.find("dry_run"); dry != json.end()) {
    if (!dry->is_boolean()) return "`dry_run` must be true or false";
    if (dry->get<bool>()) wish.mode = RunMode::kDry;
  }
  if (const auto after = json.find("after"); after != json.end()) {
    if (!after->is_string()) return "`after` must be the `next` of the answer before";
    wish.after = after->get<std::string>();
  }
  return wish;
}

std::string_view fate_name(Retained::Fate fate) {
  switch (fate) {
    case Retained::Fate::kStays:
      return "stays";
    case Retained::Fate::kWouldGo:
      return "would go";
    case Retained::Fate::kWent:
      return "went";
    case Retained::Fate::kSpared:
      return "spared";
  }
  return "stays";
}

Json manifest_json(const Retained& retained) {
  const registry::Candidate& manifest = retained.manifest;
  Json tags = Json::array();
  for (const index::Tag& tag : manifest.tags)
    tags.push_back(tag.str());
  return {{"digest", manifest.digest.str()},
          {"size", manifest.size},
          {"tags", std::move(tags)},
          {"pushed", format_time(manifest.pushed)},
          {"pulled", manifest.pulled ? Json(format_time(*manifest.pulled)) : Json()},
          {"fate", fate_name(retained.fate)},
          {"reason", retained.reason}};
}

Json repository_json(const index::RepositoryName& repository,
                     const std::vector<Retained>& outcome) {
  std::vector<const Retained*> order;
  order.reserve(outcome.size());
  for (const bool stays : {false, true}) {
    for (const Retained& one : outcome) {
      if ((one.fate == Retained::Fate::kStays) == stays) order.push_back(&one);
    }
  }
  const auto count = [&](Retained::Fate fate) {
    return std::ranges::count(outcome, fate, &Retained::fate);
  };
  const std::size_t listed = std::min(outcome.size(), kListed);
  Json manifests = Json::array();
  for (std::size_t i = 0; i < listed; ++i)
    manifests.push_back(manifest_json(*order[i]));
  return {{"repository", repository.str()},
          {"gone", count(Retained::Fate::kWent) + count(Retained::Fate::kWouldGo)},
          {"kept", count(Retained::Fate::kStays)},
          {"spared", count(Retained::Fate::kSpared)},
          {"not_listed", outcome.size() - listed},
          {"manifests", std::move(manifests)}};
}

/// One page of repositories from `wish.after` on, each with its outcome, and where to go on.
Result<Json> run_page(registry::Registry& registry, const Wish& wish) {
  Json repositories = Json::array();
  std::size_t manifests = 0;
  SHALE_TRY_ASSIGN(const auto page, registry.list_repositories(wish.after, kRepositories));
  Json next;
  for (const index::RepositoryName& repository : page.items) {
    const bool last = repository == page.items.back();
    if (last && page.more) next = repository.str();
    if (!wish.where.matches(repository.str()) ||
        registry.rules()->retention(repository) == nullptr) {
      continue;
    }
    SHALE_TRY_ASSIGN(const auto outcome, registry.run_retention(repository, wish.mode));
    manifests += outcome.size();
    repositories.push_back(repository_json(repository, outcome));
    if (manifests >= kManifests && (!last || page.more)) {
      next = repository.str();
      break;
    }
  }
  return Json{{"dry_run", wish.mode == RunMode::kDry},
              {"repositories", std::move(repositories)},
              {"next", std::move(next)}};
}

std::string span_text(std::chrono::milliseconds span) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  if (span % hours(24) == milliseconds(0)) return std::to_string(span / hours(24)) + 'd';
  if (span % hours(1) == milliseconds(0)) return std::to_string(span / hours(1)) + 'h';
  if (span % seconds(1) == milliseconds(0)) return std::to_string(span / seconds(1)) + 's';
  return std::to_string(span.count()) + "ms";
}

Json retention_json(const registry::Retention& retention) {
  Json json;
  if (retention.keep_last) json["keep_last"] = *retention.keep_last;
  if (retention.keep_pulled_within) {
    json["keep_pulled_within"] = span_text(*retention.keep_pulled_within);
  }
  if (retention.keep_tags) json["keep_tags"] = *retention.keep_tags;
  if (retention.keep_semver) json["keep_semver"] = true;
  if (retention.keep_nothing) json["keep_nothing"] = true;
  if (retention.untagged_older_than) {
    json["untagged_older_than"] = span_text(*retention.untagged_older_than);
  }
  json["every"] = span_text(retention.every);
  return json;
}

Json rule_json(const registry::Rule& rule) {
  Json json{{"repositories", rule.repositories}};
  if (rule.immutable_tags) json["immutable_tags"] = *rule.immutable_tags;
  if (rule.history) json["history"] = span_text(*rule.history);
  if (rule.untagged_after) json["untagged_after"] = span_text(*rule.untagged_after);
  if (rule.retention) json["retention"] = retention_json(*rule.retention);
  json["where"] = rule.where;
  return json;
}

bool may_administer(const Call& call, const auth::RepositoryPattern& where) {
  return call.caller == nullptr || call.caller->may_administer(where);
}

bool may_administer(const Call& call, const registry::Rule& rule) {
  return std::ranges::all_of(rule.repositories, [&](const std::string& text) {
    const auto pattern = auth::RepositoryPattern::parse(text);
    return pattern && may_administer(call, *pattern);
  });
}

}  // namespace

Result<http::Response> get_rules(const Call& call) {
  Json list = Json::array();
  const auto rules = call.registry.rules();
  for (const registry::Rule& rule : rules->all()) {
    if (may_administer(call, rule)) list.push_back(rule_json(rule));
  }
  return json_response(dump(Json{{"rules", std::move(list)}}));
}

Result<http::Response> post_retention_run(const Call& call) {
  if (!is_json(call.request)) return error_response(kNotJson);
  auto read = read_wish(call.request.body);
  if (auto* fault = std::get_if<std::string>(&read)) return error_response(kInvalid, {*fault});
  const auto& wish = std::get<Wish>(read);
  if (!may_administer(call, wish.where)) {
    return error_response(kDenied, {"you do not administer all of " + wish.where.str()});
  }
  if (call.guard != nullptr && wish.mode == RunMode::kRemove) {
    call.guard->note_change(*call.caller, call.request, "run retention", wish.where.str());
  }
  SHALE_TRY_ASSIGN(const Json answer, run_page(call.registry, wish));
  return json_response(dump(answer));
}

}  // namespace shale::api
