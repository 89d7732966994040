#include "server/api/routes.h"

#include <array>

namespace shale::api {
namespace {

using http::Method;

constexpr std::string_view kCatalog = "/v2/_catalog";
constexpr std::string_view kTags = "/v2/{name}/tags/list";
constexpr std::string_view kReferrers = "/v2/{name}/referrers/{digest}";
constexpr std::string_view kManifest = "/v2/{name}/manifests/{reference}";
constexpr std::string_view kBlob = "/v2/{name}/blobs/{digest}";
constexpr std::string_view kUploads = "/v2/{name}/blobs/uploads/";
constexpr std::string_view kUpload = "/v2/{name}/blobs/uploads/{upload}";

constexpr std::string_view kToken = "/auth/token";
constexpr std::string_view kKeys = "/auth/keys";
constexpr std::string_view kRevoke = "/auth/revoke";

constexpr std::string_view kCollection = "/api/v1/gc";
constexpr std::string_view kCollectionRun = "/api/v1/gc/run";
constexpr std::string_view kScrub = "/api/v1/scrub";
constexpr std::string_view kTokensRevoke = "/api/v1/tokens/revoke";
constexpr std::string_view kRobots = "/api/v1/robots";
constexpr std::string_view kRobot = "/api/v1/robots/{robot}";
constexpr std::string_view kRobotSecret = "/api/v1/robots/{robot}/secret";

constexpr std::string_view kRemove = "/api/v1/repositories/{name}/remove";
constexpr std::string_view kRestore = "/api/v1/repositories/{name}/restore";
constexpr std::string_view kDeleted = "/api/v1/repositories/{name}/deleted";
constexpr std::string_view kDeletedDrop = "/api/v1/repositories/{name}/deleted/drop";

constexpr std::string_view kPastTags = "/api/v1/repositories/{name}/tags";
constexpr std::string_view kPastTag = "/api/v1/repositories/{name}/tags/{tag}";
constexpr std::string_view kTagHistory = "/api/v1/repositories/{name}/tags/{tag}/history";
constexpr std::string_view kTagRollback = "/api/v1/repositories/{name}/tags/{tag}/rollback";
constexpr std::string_view kTagRestore = "/api/v1/repositories/{name}/tags/{tag}/restore";
constexpr std::string_view kUsage = "/api/v1/usage";
constexpr std::string_view kRepositoryUsage = "/api/v1/repositories/{name}/usage";
constexpr std::string_view kLayers = "/api/v1/layers";
constexpr std::string_view kImages = "/api/v1/images";
constexpr std::string_view kQuotas = "/api/v1/quotas";
constexpr std::string_view kRules = "/api/v1/rules";
constexpr std::string_view kRetentionRun = "/api/v1/retention/run";

constexpr std::string_view kLive = "/livez";
constexpr std::string_view kReady = "/readyz";
constexpr std::string_view kStarted = "/startupz";
constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kStatus = "/api/v1/status";
constexpr std::string_view kReload = "/api/v1/reload";
constexpr std::string_view kReadOnly = "/api/v1/read-only";
constexpr std::string_view kLogLevel = "/api/v1/log-level";
constexpr std::string_view kContract = "/openapi.yaml";

constexpr std::array kRoutes = {
    Route{Method::kGet, Resource::kBase, "/v2/", Need::kLogin, PointRead{get_base}},
    Route{Method::kHead, Resource::kBase, "/v2/", Need::kLogin, PointRead{get_base}},

    Route{Method::kGet, Resource::kCatalog, kCatalog, Need::kCatalog, Listing{get_catalog}},
    Route{Method::kHead, Resource::kCatalog, kCatalog, Need::kCatalog, Listing{get_catalog}},
    Route{Method::kGet, Resource::kTags, kTags, Need::kPull, Listing{get_tags}},
    Route{Method::kHead, Resource::kTags, kTags, Need::kPull, Listing{get_tags}},
    Route{Method::kGet, Resource::kReferrers, kReferrers, Need::kPull, Listing{get_referrers}},
    Route{Method::kHead, Resource::kReferrers, kReferrers, Need::kPull, Listing{get_referrers}},

    Route{Method::kGet, Resource::kManifest, kManifest, Need::kPull, PointRead{get_manifest}},
    Route{Method::kHead, Resource::kManifest, kManifest, Need::kPull, PointRead{head_manifest}},
    Route{Method::kPut, Resource::kManifest, kManifest, Need::kPush,
          Blocking{put_manifest, Blocking::Body::kManifest}},
    Route{Method::kDelete, Resource::kManifest, kManifest, Need::kDelete,
          Blocking{delete_manifest}},

    Route{Method::kGet, Resource::kBlob, kBlob, Need::kPull, PointRead{get_blob}},
    Route{Method::kHead, Resource::kBlob, kBlob, Need::kPull, PointRead{head_blob}},
    Route{Method::kDelete, Resource::kBlob, kBlob, Need::kDelete, Blocking{delete_blob}},

    Route{Method::kPost, Resource::kUploads, kUploads, Need::kPush, Upload{post_uploads}},
    Route{Method::kGet, Resource::kUpload, kUpload, Need::kPush, Blocking{get_upload}},
    Route{Method::kHead, Resource::kUpload, kUpload, Need::kPush, Blocking{get_upload}},
    Route{Method::kPatch, Resource::kUpload, kUpload, Need::kPush, Upload{patch_upload}},
    Route{Method::kPut, Resource::kUpload, kUpload, Need::kPush, Upload{put_upload}},
    Route{Method::kDelete, Resource::kUpload, kUpload, Need::kPush, Blocking{delete_upload}},

    Route{Method::kGet, Resource::kToken, kToken, Need::kToken, Blocking{get_token}},
    Route{Method::kHead, Resource::kToken, kToken, Need::kToken, Blocking{get_token}},
    Route{Method::kPost, Resource::kToken, kToken, Need::kToken,
          Blocking{post_token, Blocking::Body::kSmall}},
    Route{Method::kGet, Resource::kKeys, kKeys, Need::kNothing, PointRead{get_keys}},
    Route{Method::kHead, Resource::kKeys, kKeys, Need::kNothing, PointRead{get_keys}},

    Route{Method::kPost, Resource::kRevoke, kRevoke, Need::kNothing,
          Blocking{post_revoke, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kCollection, kCollection, Need::kAdmin,
          PointRead{get_collection}},
    Route{Method::kHead, Resource::kCollection, kCollection, Need::kAdmin,
          PointRead{get_collection}},
    Route{Method::kPost, Resource::kCollectionRun, kCollectionRun, Need::kAdmin,
          Blocking{post_collection_run, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kScrub, kScrub, Need::kAdmin, PointRead{get_scrub}},
    Route{Method::kHead, Resource::kScrub, kScrub, Need::kAdmin, PointRead{get_scrub}},
    Route{Method::kPost, Resource::kScrub, kScrub, Need::kAdmin,
          Blocking{post_scrub, Blocking::Body::kSmall}},

    Route{Method::kPost, Resource::kTokensRevoke, kTokensRevoke, Need::kAdmin,
          Blocking{post_tokens_revoke, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kRobots, kRobots, Need::kAdmin, Blocking{get_robots}},
    Route{Method::kHead, Resource::kRobots, kRobots, Need::kAdmin, Blocking{get_robots}},
    Route{Method::kPost, Resource::kRobots, kRobots, Need::kAdmin,
          Blocking{post_robots, Blocking::Body::kSmall}},
    Route{Method::kGet, Resource::kRobot, kRobot, Need::kAdmin, Blocking{get_robot}},
    Route{Method::kHead, Resource::kRobot, kRobot, Need::kAdmin, Blocking{get_robot}},
    Route{Method::kDelete, Resource::kRobot, kRobot, Need::kAdmin, Blocking{delete_robot}},
    Route{Method::kPost, Resource::kRobotSecret, kRobotSecret, Need::kAdmin,
          Blocking{post_robot_secret, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kPastTags, kPastTags, Need::kPull, Blocking{get_past_tags}},
    Route{Method::kHead, Resource::kPastTags, kPastTags, Need::kPull, Blocking{get_past_tags}},
    Route{Method::kGet, Resource::kPastTag, kPastTag, Need::kPull, Blocking{get_past_tag}},
    Route{Method::kHead, Resource::kPastTag, kPastTag, Need::kPull, Blocking{get_past_tag}},
    Route{Method::kGet, Resource::kTagHistory, kTagHistory, Need::kPull, Blocking{get_tag_history}},
    Route{Method::kHead, Resource::kTagHistory, kTagHistory, Need::kPull,
          Blocking{get_tag_history}},
    Route{Method::kPost, Resource::kTagRollback, kTagRollback, Need::kPush,
          Blocking{post_tag_rollback, Blocking::Body::kSmall}},
    Route{Method::kPost, Resource::kTagRestore, kTagRestore, Need::kPush,
          Blocking{post_tag_restore, Blocking::Body::kSmall}},

    Route{Method::kPost, Resource::kRemove, kRemove, Need::kDelete,
          Blocking{post_remove, Blocking::Body::kSmall}},
    Route{Method::kPost, Resource::kRestore, kRestore, Need::kPush,
          Blocking{post_restore, Blocking::Body::kSmall}},
    Route{Method::kGet, Resource::kDeleted, kDeleted, Need::kPull, Blocking{get_deleted}},
    Route{Method::kHead, Resource::kDeleted, kDeleted, Need::kPull, Blocking{get_deleted}},
    Route{Method::kPost, Resource::kDeletedDrop, kDeletedDrop, Need::kDelete,
          Blocking{post_deleted_drop, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kUsage, kUsage, Need::kAdmin, Blocking{get_usage}},
    Route{Method::kHead, Resource::kUsage, kUsage, Need::kAdmin, Blocking{get_usage}},
    Route{Method::kGet, Resource::kRepositoryUsage, kRepositoryUsage, Need::kPull,
          Blocking{get_repository_usage}},
    Route{Method::kHead, Resource::kRepositoryUsage, kRepositoryUsage, Need::kPull,
          Blocking{get_repository_usage}},
    Route{Method::kGet, Resource::kLayers, kLayers, Need::kAdmin, Blocking{get_layers}},
    Route{Method::kHead, Resource::kLayers, kLayers, Need::kAdmin, Blocking{get_layers}},
    Route{Method::kGet, Resource::kImages, kImages, Need::kCatalog, Blocking{get_images}},
    Route{Method::kHead, Resource::kImages, kImages, Need::kCatalog, Blocking{get_images}},
    Route{Method::kGet, Resource::kQuotas, kQuotas, Need::kAdmin, Blocking{get_quotas}},
    Route{Method::kHead, Resource::kQuotas, kQuotas, Need::kAdmin, Blocking{get_quotas}},
    Route{Method::kGet, Resource::kRules, kRules, Need::kAdmin, Blocking{get_rules}},
    Route{Method::kHead, Resource::kRules, kRules, Need::kAdmin, Blocking{get_rules}},
    Route{Method::kPost, Resource::kRetentionRun, kRetentionRun, Need::kAdmin,
          Blocking{post_retention_run, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kLive, kLive, Need::kNothing, PointRead{get_live}},
    Route{Method::kHead, Resource::kLive, kLive, Need::kNothing, PointRead{get_live}},
    Route{Method::kGet, Resource::kReady, kReady, Need::kNothing, Blocking{get_ready}},
    Route{Method::kHead, Resource::kReady, kReady, Need::kNothing, Blocking{get_ready}},
    Route{Method::kGet, Resource::kStarted, kStarted, Need::kNothing, PointRead{get_live}},
    Route{Method::kHead, Resource::kStarted, kStarted, Need::kNothing, PointRead{get_live}},
    Route{Method::kGet, Resource::kMetrics, kMetrics, Need::kMetrics, Blocking{get_metrics}},
    Route{Method::kHead, Resource::kMetrics, kMetrics, Need::kMetrics, Blocking{get_metrics}},
    Route{Method::kGet, Resource::kStatus, kStatus, Need::kAdmin, Blocking{get_status}},
    Route{Method::kHead, Resource::kStatus, kStatus, Need::kAdmin, Blocking{get_status}},
    Route{Method::kPost, Resource::kReload, kReload, Need::kAdmin,
          Blocking{post_reload, Blocking::Body::kSmall}},
    Route{Method::kGet, Resource::kReadOnly, kReadOnly, Need::kAdmin, PointRead{get_read_only}},
    Route{Method::kHead, Resource::kReadOnly, kReadOnly, Need::kAdmin, PointRead{get_read_only}},
    Route{Method::kPost, Resource::kReadOnly, kReadOnly, Need::kAdmin,
          Blocking{post_read_only, Blocking::Body::kSmall}},
    Route{Method::kGet, Resource::kLogLevel, kLogLevel, Need::kAdmin, PointRead{get_log_level}},
    Route{Method::kHead, Resource::kLogLevel, kLogLevel, Need::kAdmin, PointRead{get_log_level}},
    Route{Method::kPost, Resource::kLogLevel, kLogLevel, Need::kAdmin,
          Blocking{post_log_level, Blocking::Body::kSmall}},

    Route{Method::kGet, Resource::kContract, kContract, Need::kNothing, PointRead{get_contract}},
    Route{Method::kHead, Resource::kContract, kContract, Need::kNothing, PointRead{get_contract}},
};

}  // namespace

std::span<const Route> routes() noexcept {
  return kRoutes;
}

const Route* find_route(http::Method method, Resource resource) noexcept {
  for (const Route& route : kRoutes) {
    if (route.method == method && route.resource == resource) return &route;
  }
  return nullptr;
}

std::string allowed_methods(Resource resource, http::Method refused) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (route.resource != resource || route.method == refused) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += http::method_name(route.method);
  }
  return allowed;
}

}  // namespace shale::api
