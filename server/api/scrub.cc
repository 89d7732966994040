#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "server/api/caller.h"
#include "server/api/errors.h"
#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/json_text.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
using registry::ScrubDesk;
using registry::ScrubPhase;
using registry::ScrubReport;

constexpr WireError kInvalid{400, "UNSUPPORTED", "this says not how to scrub"};
constexpr WireError kRunning{409, "DENIED", "a scrub is running or about to begin: wait for it"};

/// `{}` or `{"rate": BYTES_A_SECOND}`; an empty body is as good as `{}`.
std::optional<std::uint64_t> read_rate(const std::string& body) {
  if (body.empty()) return 0;
  const auto json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.size() > 1) return std::nullopt;
  if (json.empty()) return 0;
  const auto rate = json.find("rate");
  if (rate == json.end() || !rate->is_number_unsigned()) return std::nullopt;
  return rate->get<std::uint64_t>();
}

std::string_view name_of(ScrubPhase phase) {
  switch (phase) {
    case ScrubPhase::kBlobs:
      return "blobs";
    case ScrubPhase::kFiles:
      return "files";
    case ScrubPhase::kMetadata:
      return "metadata";
  }
  return "";
}

Json report_json(const ScrubReport& report) {
  return {{"blobs", report.blobs},
          {"blobs_in_all", report.blobs_in_all},
          {"bytes", report.bytes},
          {"damaged", report.damaged},
          {"missing", report.missing},
          {"quarantined", report.quarantined},
          {"known", report.known},
          {"returned", report.returned},
          {"unreadable", report.unreadable},
          {"orphans", report.orphans},
          {"orphan_bytes", report.orphan_bytes},
          {"removed", report.removed},
          {"problems", report.problems},
          {"words", report.words}};
}

Json status_json(const ScrubDesk::Status& status) {
  Json json{{"running", status.running || status.waiting}};
  if (status.running) json["phase"] = name_of(status.report.phase);
  if (status.started) {
    json["rate"] = status.rate;
    json["started"] = format_time(*status.started);
  }
  if (status.finished) json["finished"] = format_time(*status.finished);
  if (!status.failure.empty()) json["failure"] = status.failure;
  if (status.started) json["found"] = report_json(status.report);
  json["quarantined"] = status.set_aside;
  json["lost_on_read"] = status.lost_on_read;
  return json;
}

}  // namespace

Result<http::Response> get_scrub(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  return json_response(dump(status_json(call.registry.scrub_desk().status())));
}

Result<http::Response> post_scrub(const Call& call) {
  if (!call.may_administer_all()) return error_response(kForAdministrators);
  if (!call.request.body.empty() && !is_json(call.request)) return error_response(kNotJson);
  const auto rate = read_rate(call.request.body);
  if (!rate) return error_response(kInvalid, {R"(the body is {"rate": BYTES_A_SECOND}, or {})"});
  if (!call.registry.scrub_desk().ask(*rate)) return error_response(kRunning);
  if (call.guard != nullptr) {
    call.guard->note_change(*call.caller, call.request, "scrub", std::to_string(*rate));
  }
  auto accepted = json_response(R"({"running":true})");
  accepted.status = 202;
  return accepted;
}

}  // namespace shale::api
