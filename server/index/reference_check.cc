#include "server/index/reference_check.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace shale::index {

Result<void> demand_as_seen(const AsSeen& seen, const AsSeen& now, bool listed) {
  const bool same_tags = std::ranges::all_of(
      now.tags, [&](const Tag& tag) { return std::ranges::count(seen.tags, tag) > 0; });
  const bool same_times = now.pushed == seen.pushed && now.pulled == seen.pulled;
  if (!listed && same_tags && (seen.whenever_used || same_times)) return {};
  return Error{Errc::kConditionFailed, "the manifest is in use again"};
}

Result<void> demand_movable(const StorePolicy& policy, const RepositoryName& repository,
                            const Tag& tag) {
  if (!policy.immutable) return {};
  const std::optional<std::string> rule = policy.immutable(repository, tag);
  if (!rule) return {};
  std::string words =
      "the tag " + tag.str() + " of " + repository.str() + " is immutable: " + *rule;
  Error error{Errc::kTagImmutable, words, {}};
  error.details.push_back(std::move(words));
  return error;
}

Error tag_exists(const Tag& tag) {
  const std::string what = "the tag " + tag.str() + " names another manifest";
  return {Errc::kTagExists, what, {what}};
}

Result<void> demand(const Condition& condition, const std::string& what,
                    const std::optional<Digest>& named) {
  const auto lost = [&](const std::string& why) {
    const std::string words = what + why;
    return Error{Errc::kConditionFailed, words, {words}};
  };
  const std::string is = named ? " is " + named->str() : " is not there";
  switch (condition.kind) {
    case Condition::Kind::kNone:
      return {};
    case Condition::Kind::kAbsent:
      return named ? Result<void>(lost(is + " already")) : Result<void>();
    case Condition::Kind::kPresent:
      return named ? Result<void>() : Result<void>(lost(is));
    case Condition::Kind::kIsOneOf:
      break;
  }
  if (named && std::ranges::find(condition.digests, *named) != condition.digests.end()) return {};
  return lost(is + (named ? " now" : ""));
}

Result<void> demand_move(const Tag& tag, const std::optional<Digest>& named, const Digest& to,
                         TagMoves moves, const Condition& condition) {
  SHALE_TRY(demand(condition, "the tag " + tag.str(), named));
  if (moves == TagMoves::kNewOnly && named && *named != to) return tag_exists(tag);
  return {};
}

namespace {

std::string_view role(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::kConfig:
      return "config";
    case EdgeKind::kLayer:
      return "layer";
    case EdgeKind::kBlob:
      return "blob";
    case EdgeKind::kManifest:
      return "manifest";
    case EdgeKind::kSubject:
      return "subject";
  }
  return "reference";
}

void add_once(std::vector<std::string>& details, std::string words) {
  if (std::ranges::find(details, words) == details.end()) {
    details.push_back(std::move(words));
  }
}

Error refusal(Errc code, const char* count_of, std::vector<std::string> details) {
  std::string message = std::to_string(details.size()) + count_of + details.front();
  return {code, std::move(message), std::move(details)};
}

}  // namespace

void ReferenceCheck::look_at(const Edge& edge, std::optional<std::uint64_t> size) {
  std::string words(role(edge.kind));
  words += ' ' + edge.target.digest.str();
  if (!size && edge.must_exist && !request_.allow_missing) {
    add_once(missing_, words + " is not in repository " + request_.repository.str() +
                           ": push it before the manifest that names it");
  } else if (size && *size != edge.target.size) {
    add_once(wrong_, words + " has " + std::to_string(*size) + " bytes, but its descriptor says " +
                         std::to_string(edge.target.size));
  }
}

Result<void> ReferenceCheck::verdict() && {
  if (!wrong_.empty()) {
    return refusal(Errc::kManifestInvalid, " wrong in size, first: ", std::move(wrong_));
  }
  if (!missing_.empty()) {
    return refusal(Errc::kManifestBlobUnknown, " missing, first: ", std::move(missing_));
  }
  return {};
}

}  // namespace shale::index
