#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/api/target.h"
#include "server/http/uri.h"
#include "tests/fuzz/fuzz.h"

namespace shale::api {
namespace {

/// The path that is read as this target.
std::string written(const Target& target) {
  const std::string front = "/v2/" + target.name;
  const std::string past = "/api/v1/repositories/" + target.name;
  switch (target.resource) {
    case Resource::kBase:
      return "/v2/";
    case Resource::kCatalog:
      return "/v2/_catalog";
    case Resource::kManifest:
      return front + "/manifests/" + target.item;
    case Resource::kBlob:
      return front + "/blobs/" + target.item;
    case Resource::kUploads:
      return front + "/blobs/uploads/";
    case Resource::kUpload:
      return front + "/blobs/uploads/" + target.item;
    case Resource::kTags:
      return front + "/tags/list";
    case Resource::kReferrers:
      return front + "/referrers/" + target.item;
    case Resource::kToken:
      return "/auth/token";
    case Resource::kKeys:
      return "/auth/keys";
    case Resource::kRevoke:
      return "/auth/revoke";
    case Resource::kTokensRevoke:
      return "/api/v1/tokens/revoke";
    case Resource::kCollection:
      return "/api/v1/gc";
    case Resource::kCollectionRun:
      return "/api/v1/gc/run";
    case Resource::kScrub:
      return "/api/v1/scrub";
    case Resource::kRobots:
      return "/api/v1/robots";
    case Resource::kRobot:
      return "/api/v1/robots/" + target.item;
    case Resource::kRobotSecret:
      return "/api/v1/robots/" + target.item + "/secret";
    case Resource::kPastTags:
      return past + "/tags";
    case Resource::kPastTag:
      return past + "/tags/" + target.item;
    case Resource::kTagHistory:
      return past + "/tags/" + target.item + "/history";
    case Resource::kTagRollback:
      return past + "/tags/" + target.item + "/rollback";
    case Resource::kTagRestore:
      return past + "/tags/" + target.item + "/restore";
    case Resource::kRemove:
      return past + "/remove";
    case Resource::kRestore:
      return past + "/restore";
    case Resource::kDeleted:
      return past + "/deleted";
    case Resource::kDeletedDrop:
      return past + "/deleted/drop";
    case Resource::kUsage:
      return "/api/v1/usage";
    case Resource::kRepositoryUsage:
      return "/api/v1/repositories/" + target.name + "/usage";
    case Resource::kLayers:
      return "/api/v1/layers";
    case Resource::kImages:
      return "/api/v1/images";
    case Resource::kQuotas:
      return "/api/v1/quotas";
    case Resource::kRules:
      return "/api/v1/rules";
    case Resource::kRetentionRun:
      return "/api/v1/retention/run";
    case Resource::kLive:
      return "/livez";
    case Resource::kReady:
      return "/readyz";
    case Resource::kStarted:
      return "/startupz";
    case Resource::kMetrics:
      return "/metrics";
    case Resource::kStatus:
      return "/api/v1/status";
    case Resource::kReload:
      return "/api/v1/reload";
    case Resource::kReadOnly:
      return "/api/v1/read-only";
    case Resource::kLogLevel:
      return "/api/v1/log-level";
    case Resource::kContract:
      return "/openapi.yaml";
  }
  std::abort();
}

bool equal(const Target& one, const Target& other) {
  return one.resource == other.resource && one.name == other.name && one.item == other.item;
}

/// Nothing of the path gets lost or moves from one part to another: the target,
/// written again, is the path, but for the two places where a slash at the end is free.
void run(std::string_view encoded) {
  const auto path = http::decode_path(encoded);
  if (!path) return;
  const auto target = parse_target(*path);
  if (!target) return;
  FUZZ_CHECK(target->item.find('/') == std::string::npos);
  const std::string again = written(*target);
  FUZZ_CHECK(again == *path || again == *path + "/");
  FUZZ_CHECK(again == *path || target->item.empty());

  const auto decoded = http::decode_path(http::encode_path(again));
  FUZZ_CHECK(decoded == again);
  const auto back = parse_target(*decoded);
  FUZZ_CHECK(back && equal(*back, *target));
}

}  // namespace
}  // namespace shale::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::api::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
