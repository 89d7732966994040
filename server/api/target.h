#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shale::api {

/// What a path can name.
enum class Resource : std::uint8_t {
  kBase,       ///< /v2/
  kCatalog,    ///< /v2/_catalog
  kManifest,   ///< /v2/{name}/manifests/{reference}
  kBlob,       ///< /v2/{name}/blobs/{digest}
  kUploads,    ///< /v2/{name}/blobs/uploads/
  kUpload,     ///< /v2/{name}/blobs/uploads/{upload}
  kTags,       ///< /v2/{name}/tags/list
  kReferrers,  ///< /v2/{name}/referrers/{digest}
  kToken,      ///< /auth/token, where there is authentication
  kKeys,       ///< /auth/keys, likewise
  kRevoke,     ///< /auth/revoke, likewise

  kCollection,     ///< /api/v1/gc
  kCollectionRun,  ///< /api/v1/gc/run
  kScrub,          ///< /api/v1/scrub

  kTokensRevoke,  ///< /api/v1/tokens/revoke, likewise
  kRobots,        ///< /api/v1/robots, likewise
  kRobot,         ///< /api/v1/robots/{robot}
  kRobotSecret,   ///< /api/v1/robots/{robot}/secret

  kPastTags,         ///< /api/v1/repositories/{name}/tags
  kPastTag,          ///< /api/v1/repositories/{name}/tags/{tag}
  kTagHistory,       ///< /api/v1/repositories/{name}/tags/{tag}/history
  kTagRollback,      ///< /api/v1/repositories/{name}/tags/{tag}/rollback
  kTagRestore,       ///< /api/v1/repositories/{name}/tags/{tag}/restore
  kRemove,           ///< /api/v1/repositories/{name}/remove
  kRestore,          ///< /api/v1/repositories/{name}/restore
  kDeleted,          ///< /api/v1/repositories/{name}/deleted
  kDeletedDrop,      ///< /api/v1/repositories/{name}/deleted/drop
  kUsage,            ///< /api/v1/usage
  kRepositoryUsage,  ///< /api/v1/repositories/{name}/usage
  kLayers,           ///< /api/v1/layers
  kImages,           ///< /api/v1/images
  kQuotas,           ///< /api/v1/quotas
  kRules,            ///< /api/v1/rules
  kRetentionRun,     ///< /api/v1/retention/run

  kLive,      ///< /livez
  kReady,     ///< /readyz
  kStarted,   ///< /startupz
  kMetrics,   ///< /metrics
  kStatus,    ///< /api/v1/status
  kReload,    ///< /api/v1/reload
  kReadOnly,  ///< /api/v1/read-only
  kLogLevel,  ///< /api/v1/log-level
  kContract,  ///< /openapi.yaml
};

/// A path, taken apart but not yet validated.
struct Target {
  Resource resource = Resource::kBase;
  std::string name;  ///< of the repository
  std::string item;  ///< a tag, a digest, an upload or a robot
};

/// Reads a decoded path from its right-hand end, because repository names may
/// themselves have parts called `blobs`, `manifests`, `tags` or `uploads`. None
/// when it names nothing that this registry has.
std::optional<Target> parse_target(std::string_view path);

}  // namespace shale::api
