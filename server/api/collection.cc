#include <cstddef>
#include <optional>

#include <nlohmann/json.hpp>

#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using registry::CollectWhat;

/// Steps of one request, so that it ends in good time; the client asks again.
constexpr std::size_t kSteps = 5000;

constexpr WireError kInvalid{400, "UNSUPPORTED", "this says not what to collect"};

/// `{}` or `{"now": true|false}`; an empty body is as good as `{}`.
std::optional<CollectWhat> read_wish(const std::string& body) {
  if (body.empty()) return CollectWhat::kDue;
  const auto json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() > 1) return std::nullopt;
  if (json.empty()) return CollectWhat::kDue;
  const auto now = json.find("now");
  if (now == json.end() || !now->is_boolean()) return std::nullopt;
  return now->get<bool>() ? CollectWhat::kAllOfIt : CollectWhat::kDue;
}

Json report_json(const registry::CollectReport& report) {
  return {{"links", report.links},
          {"manifests", report.manifests},
          {"blobs", report.blobs},
          {"bytes", report.bytes}};
}

}  // namespace

Result<http::Response> get_collection(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  return json_response(Json{{"since_start", report_json(call.registry.collected())}}.dump());
}

Result<http::Response> post_collection_run(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  const auto what = read_wish(call.request.body);
  if (!what) return error_response(kInvalid, {R"(the body is {"now": true}, or {})"});
  SHALE_TRY_ASSIGN(const auto report, call.registry.collect(*what, kSteps));
  if (call.guard != nullptr) {
    call.guard->note_change(*call.caller, call.request, "collect",
                            *what == CollectWhat::kAllOfIt ? "all" : "due");
  }
  Json json = report_json(report);
  json["waiting"] = report.waiting;
  json["failed"] = report.failed;
  if (report.failed > 0 && report.failure) json["failure"] = report.failure->message;
  json["more"] = report.more;
  return json_response(dump(json));
}

}  // namespace shale::api
