#include "server/api/operations.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/health_text.h"
#include "server/api/json_object.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr WireError kNotReloaded{
    409, "UNSUPPORTED", "no setting was taken over: the configuration or a file it names is wrong"};

void note(const Call& call, std::string_view what, std::string_view target) {
  if (call.guard != nullptr) call.guard->note_change(*call.caller, call.request, what, target);
}

Json connections_json(const ServerStatus& status) {
  Json json = Json::object();
  for (const auto& [state, count] : status.connections)
    json[state] = count;
  return json;
}

Result<Json> store_json(const registry::Registry& registry) {
  SHALE_TRY_ASSIGN(const auto totals, registry.usage_report().totals());
  const registry::Activity activity = registry.activity();
  const registry::CollectReport collected = registry.collected();
  return Json{{"repositories", totals.stored.repositories},
              {"tags", totals.sum.tags},
              {"manifests", totals.stored.manifests},
              {"blobs", totals.stored.blobs},
              {"bytes", totals.stored.bytes},
              {"logical_bytes", totals.sum.logical},
              {"uploads_open", activity.uploads_open},
              {"bytes_freed", collected.bytes},
              {"set_aside", registry.scrub_desk().status().set_aside}};
}

Json read_only_json(const Call& call) {
  return {{"on", call.registry.read_only()}};
}

Json log_level_json(const Call& call) {
  return {{"level", call.operations->log_level()}};
}

}  // namespace

Result<http::Response> get_status(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  const ServerStatus status = call.operations->status();
  SHALE_TRY_ASSIGN(Json store, store_json(call.registry));
  return json_response(dump(
      Json{{"version", status.version},
           {"process", status.process},
           {"uptime_seconds", status.uptime.count()},
           {"addresses", status.addresses},
           {"draining", status.draining},
           {"read_only", call.registry.read_only()},
           {"checks", checks_json(call.operations->readiness())},
           {"connections", connections_json(status)},
           {"pool", {{"waiting", status.pool_waiting}, {"busy", status.pool_busy}}},
           {"memory_bytes", status.resident_bytes},
           {"files", {{"open", status.open_files}, {"most", status.most_files}}},
           {"disk", {{"free_bytes", status.disk_free}, {"reserve_bytes", status.disk_reserve}}},
           {"store", std::move(store)},
           {"log_level", status.log_level},
           {"waiting_for_restart", status.waiting_for_restart}}));
}

Result<http::Response> post_reload(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  if (!is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY(read_object(call.request.body, {}));
  const ReloadReport report = call.operations->reload();
  if (!report.problems.empty()) return error_response(kNotReloaded, report.problems);
  note(call, "reload", {});
  return json_response(
      dump(Json{{"changed", report.changed}, {"restart", report.restart}, {"read", report.read}}));
}

Result<http::Response> get_read_only(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  return json_response(dump(read_only_json(call)));
}

Result<http::Response> post_read_only(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  if (!is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const Json json, read_object(call.request.body, {"on"}));
  SHALE_TRY_ASSIGN(const bool on, read_flag(json, "on"));
  if (!json.contains("on")) return invalid(R"(the body is {"on": true} or {"on": false})");
  call.registry.set_read_only(on);
  if (call.operations != nullptr) call.operations->tell_read_only();
  note(call, "read-only", on ? "on" : "off");
  return json_response(dump(read_only_json(call)));
}

Result<http::Response> get_log_level(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  return json_response(dump(log_level_json(call)));
}

Result<http::Response> post_log_level(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  if (!is_json(call.request)) return error_response(kNotJson);
  SHALE_TRY_ASSIGN(const Json json, read_object(call.request.body, {"level"}));
  SHALE_TRY_ASSIGN(const auto level, read_text(json, "level"));
  if (!level || !call.operations->set_log_level(*level)) {
    return invalid("the level is debug, info, warn or error");
  }
  note(call, "log level", *level);
  return json_response(dump(log_level_json(call)));
}

}  // namespace shale::api
