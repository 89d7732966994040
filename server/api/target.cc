#include "server/api/target.h"

#include <algorithm>
#include <array>

namespace shale::api {
namespace {

/// Paths without a name in them.
struct Fixed {
  std::string_view path;
  Resource resource;
};

constexpr std::array kFixed = {
    Fixed{"/v2/", Resource::kBase},
    Fixed{"/v2", Resource::kBase},
    Fixed{"/v2/_catalog", Resource::kCatalog},
    Fixed{"/auth/token", Resource::kToken},
    Fixed{"/auth/keys", Resource::kKeys},
    Fixed{"/auth/revoke", Resource::kRevoke},
    Fixed{"/api/v1/gc", Resource::kCollection},
    Fixed{"/api/v1/gc/run", Resource::kCollectionRun},
    Fixed{"/api/v1/scrub", Resource::kScrub},
    Fixed{"/api/v1/tokens/revoke", Resource::kTokensRevoke},
    Fixed{"/api/v1/rules", Resource::kRules},
    Fixed{"/api/v1/retention/run", Resource::kRetentionRun},
    Fixed{"/api/v1/usage", Resource::kUsage},
    Fixed{"/api/v1/layers", Resource::kLayers},
    Fixed{"/api/v1/images", Resource::kImages},
    Fixed{"/api/v1/quotas", Resource::kQuotas},
    Fixed{"/api/v1/status", Resource::kStatus},
    Fixed{"/api/v1/reload", Resource::kReload},
    Fixed{"/api/v1/read-only", Resource::kReadOnly},
    Fixed{"/api/v1/log-level", Resource::kLogLevel},
    Fixed{"/livez", Resource::kLive},
    Fixed{"/readyz", Resource::kReady},
    Fixed{"/startupz", Resource::kStarted},
    Fixed{"/metrics", Resource::kMetrics},
    Fixed{"/openapi.yaml", Resource::kContract},
};

/// Splits off what follows the last slash; none when there is no slash.
std::optional<std::string_view> pop_back(std::string_view& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view last = path.substr(slash + 1);
  path = path.substr(0, slash);
  return last;
}

/// The name may be empty: it is the repository's part to say what is wrong with it.
Target target(Resource resource, std::string_view name, std::string_view item) {
  return {resource, std::string(name), std::string(item)};
}

std::optional<Target> parse_robots(std::string_view path) {
  constexpr std::string_view kRobots = "/api/v1/robots";
  if (!path.starts_with(kRobots)) return std::nullopt;
  std::string_view rest = path.substr(kRobots.size());
  if (rest.empty()) return target(Resource::kRobots, {}, {});
  if (!rest.starts_with('/')) return std::nullopt;
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  const std::string_view name = rest.substr(0, slash);
  if (name.empty()) return std::nullopt;
  if (slash == std::string_view::npos) return target(Resource::kRobot, {}, name);
  if (rest.substr(slash) == "/secret") return target(Resource::kRobotSecret, {}, name);
  return std::nullopt;
}

/// The name may be empty, as above.
std::optional<Target> parse_usage(std::string_view path) {
  constexpr std::string_view kFront = "/api/v1/repositories/";
  constexpr std::string_view kEnd = "/usage";
  if (!path.starts_with(kFront)) return std::nullopt;
  path.remove_prefix(kFront.size());
  if (!path.ends_with(kEnd)) return std::nullopt;
  path.remove_suffix(kEnd.size());
  return target(Resource::kRepositoryUsage, path, {});
}

/// A word at the end is read as what it says, so of a repository whose last part is `tags`,
/// the tags called `tags`, `history`, `rollback` and `restore` cannot be named here.
std::optional<Target> parse_past(std::string_view path) {
  const auto last = pop_back(path);
  if (!last) return std::nullopt;
  if (*last == "tags") return target(Resource::kPastTags, path, {});
  const auto verb = *last == "history"    ? std::optional(Resource::kTagHistory)
                    : *last == "rollback" ? std::optional(Resource::kTagRollback)
                    : *last == "restore"  ? std::optional(Resource::kTagRestore)
                                          : std::nullopt;
  if (verb) {
    std::string_view front = path;
    const auto tag = pop_back(front);
    if (tag && pop_back(front) == "tags") return target(*verb, front, *tag);
  }
  if (pop_back(path) != "tags") return std::nullopt;
  return target(Resource::kPastTag, path, *last);
}

/// The name may be empty, as above.
std::optional<Target> parse_deletion(std::string_view path) {
  const auto last = pop_back(path);
  if (!last) return std::nullopt;
  if (*last == "remove") return target(Resource::kRemove, path, {});
  if (*last == "restore") return target(Resource::kRestore, path, {});
  if (*last == "deleted") return target(Resource::kDeleted, path, {});
  if (*last == "drop" && pop_back(path) == "deleted") {
    return target(Resource::kDeletedDrop, path, {});
  }
  return std::nullopt;
}

std::optional<Target> parse_admin(std::string_view path) {
  constexpr std::string_view kRepositories = "/api/v1/repositories/";
  if (path.starts_with(kRepositories)) {
    const auto rest = path.substr(kRepositories.size());
    // Before the usage, for a tag may be called that.
    if (auto past = parse_past(rest)) return past;
    if (auto deletion = parse_deletion(rest)) return deletion;
  }
  if (auto usage = parse_usage(path)) return usage;
  return parse_robots(path);
}

}  // namespace

std::optional<Target> parse_target(std::string_view path) {
  constexpr std::string_view kPrefix = "/v2/";
  const auto* fixed = std::ranges::find(kFixed, path, &Fixed::path);
  if (fixed != kFixed.end()) return Target{fixed->resource, {}, {}};
  if (!path.starts_with(kPrefix)) return parse_admin(path);
  std::string_view rest = path.substr(kPrefix.size());

  const auto item = pop_back(rest);
  if (!item) return std::nullopt;
  const auto kind = pop_back(rest);
  if (!kind) return std::nullopt;

  if (*kind == "manifests") return target(Resource::kManifest, rest, *item);
  if (*kind == "referrers") return target(Resource::kReferrers, rest, *item);
  if (*kind == "tags" && *item == "list") return target(Resource::kTags, rest, {});
  if (*kind == "blobs" && *item == "uploads") return target(Resource::kUploads, rest, {});
  if (*kind == "blobs") return target(Resource::kBlob, rest, *item);
  if (*kind == "uploads" && pop_back(rest) == "blobs") {
    return target(item->empty() ? Resource::kUploads : Resource::kUpload, rest, *item);
  }
  return std::nullopt;
}

}  // namespace shale::api
