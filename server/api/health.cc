#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/api/handlers.h"
#include "server/api/health_text.h"
#include "server/api/json_text.h"
#include "server/api/operations.h"

namespace shale::api {

using Json = nlohmann::ordered_json;

Json checks_json(const std::vector<HealthCheck>& checks) {
  Json list = Json::array();
  for (const HealthCheck& check : checks)
    list.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
  return list;
}

namespace {

http::Response health_response(const std::vector<HealthCheck>& checks) {
  const bool well = std::ranges::all_of(checks, &HealthCheck::ok);
  http::Response response = json_response(
      dump(Json{{"status", well ? "ok" : "failing"}, {"checks", checks_json(checks)}}));
  if (!well) response.status = 503;
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

/// The process answers, so it lives; it listens only once it has started, so it has. Whatever
/// else is wrong, to be started again would not help.
Result<http::Response> get_live(const Call& /*call*/) {
  return health_response({});
}

Result<http::Response> get_ready(const Call& call) {
  return health_response(call.operations->readiness());
}

Result<http::Response> get_metrics(const Call& call) {
  http::Response response;
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body.emplace_back(call.operations->metrics());
  return response;
}

}  // namespace shale::api
