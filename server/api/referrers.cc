#include <nlohmann/json.hpp>

#include "server/api/handlers.h"
#include "server/api/paging.h"
#include "server/http/link.h"

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";

Json descriptor(const index::Referrer& referrer) {
  Json json{{"mediaType", referrer.descriptor.media_type},
            {"digest", referrer.descriptor.digest.str()},
            {"size", referrer.descriptor.size}};
  if (!referrer.artifact_type.empty()) json["artifactType"] = referrer.artifact_type;
  if (!referrer.annotations.empty()) {
    Json annotations = Json::object();
    for (const auto& [key, value] : referrer.annotations)
      annotations[key] = value;
    json["annotations"] = std::move(annotations);
  }
  return json;
}

}  // namespace

/// Spec, "Listing Referrers": never 404, whatever is unknown.
Result<http::Response> get_referrers(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto subject, call.digest());
  SHALE_TRY_ASSIGN(const auto asked, page_request(call, call.settings.page_size));

  index::ReferrersQuery query;
  query.max_items = asked.limit;
  if (!asked.after.empty()) {
    SHALE_TRY_ASSIGN(query.after, Digest::parse(asked.after));
  }
  const auto types = call.query.find_all("artifactType");
  query.artifact_types.assign(types.begin(), types.end());
  SHALE_TRY_ASSIGN(const auto page, call.registry.list_referrers(repository, subject, query));

  // One descriptor after the other: a tree of all of them would take several times the page.
  std::string body =
      R"({"schemaVersion":2,"mediaType":")" + std::string(kIndexType) + R"(","manifests":[)";
  for (const index::Referrer& referrer : page.items) {
    if (body.back() != '[') body += ',';
    body += descriptor(referrer).dump();
  }
  body += "]}";
  http::Response response;
  response.headers.add("Content-Type", std::string(kIndexType));
  if (!types.empty()) response.headers.add("OCI-Filters-Applied", "artifactType");
  if (page.more && !page.items.empty()) {
    const std::string path = "/v2/" + repository.str() + "/referrers/" + subject.str();
    const std::string last = page.items.back().descriptor.digest.str();
    const std::string limit = std::to_string(asked.limit);
    std::vector<std::pair<std::string_view, std::string_view>> parameters = {{"last", last},
                                                                             {"n", limit}};
    for (const std::string_view type : types)
      parameters.emplace_back("artifactType", type);
    response.headers.add("Link", http::next_page_link(path, parameters));
  }
  response.body.emplace_back(std::move(body));
  return response;
}

}  // namespace shale::api
