#include "server/api/request_metrics.h"

#include <string>

#include <doctest/doctest.h>

#include "metrics/metrics.h"
#include "tests/server/api/drivers.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

using std::string;

/// A registry whose requests are counted.
template <class Driver>
struct Counted {
  explicit Counted(std::size_t repositories = 0) : requests(metrics, repositories) {}

  /// The value of a series as it stands in the text, such as `name{a="b"}`; -1: there is none.
  double value(const string& series) {
    const string text = "\n" + metrics.text();
    const auto at = text.find("\n" + series + " ");
    return at == string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }

  metrics::Metrics metrics;
  api::RequestMetrics requests;
  Driver api{Setup{.registry = {},
                   .settings = {},
                   .guard = nullptr,
                   .operations = nullptr,
                   .metrics = &requests}};
};

string requests_of(const string& route, const string& method, const string& code) {
  return "shale_http_requests_total{code=\"" + code + "\",method=\"" + method + "\",route=\"" +
         route + "\"}";
}

TEST_CASE("RequestMetrics: requests are counted by route template, method and class of status") {
  Counted<InProcess> house;
  house.api.push_image("team/app", "v1", "one");
  house.api.expect({{get(manifest_url("team/app", "v1")), 200},
                    {get(manifest_url("team/app", "v2")), 404, "MANIFEST_UNKNOWN"},
                    {get("/nowhere"), 404, "UNSUPPORTED"},
                    {del("/v2/"), 405, "UNSUPPORTED"}});
  const string manifest = "/v2/{name}/manifests/{reference}";
  CHECK(house.value(requests_of(manifest, "PUT", "2xx")) == 1);
  CHECK(house.value(requests_of(manifest, "GET", "2xx")) == 1);
  CHECK(house.value(requests_of(manifest, "GET", "4xx")) == 1);
  CHECK(house.value(requests_of("(none)", "GET", "4xx")) == 1);
  CHECK(house.value(requests_of("(none)", "DELETE", "4xx")) == 1);
  CHECK(house.value("shale_manifest_pulls_total") == 1);
  CHECK(house.value("shale_manifest_pushes_total") == 1);
  CHECK(house.value("shale_http_request_duration_seconds_count{code=\"2xx\",method=\"PUT\","
                    "route=\"" +
                    manifest + "\"}") == 1);
}

TEST_CASE("RequestMetrics: bytes of bodies are counted both ways") {
  Counted<InProcess> house;
  const Digest blob = house.api.push_blob("app", "0123456789");
  house.api.expect({{get(blob_url("app", blob)), 200}});
  const string labels = R"({code="2xx",method="GET",route="/v2/{name}/blobs/{digest}"})";
  CHECK(house.value("shale_http_response_size_bytes_sum" + labels) == 10);
  CHECK(house.value("shale_blob_pull_bytes_total") == 10);
  CHECK(house.value("shale_blob_pulls_total") == 1);
  CHECK(house.value("shale_http_request_size_bytes_sum{code=\"2xx\",method=\"PUT\",route=\""
                    "/v2/{name}/blobs/uploads/{upload}\"}") == 10);
}

TEST_CASE(
    "RequestMetrics: of a blob only what was given out is counted, and no words about errors") {
  Counted<InProcess> house;
  const string blob = blob_url("app", house.api.push_blob("app", "0123456789"));
  house.api.expect({{get(blob_url("app", digest_of("missing"))), 404, "BLOB_UNKNOWN"},
                    {get(blob, {"Range: bytes=90-"}), 416, "UNSUPPORTED"}});
  CHECK(house.value("shale_blob_pull_bytes_total") == 0);
  CHECK(house.api.ask(get(blob, {"Range: bytes=2-4"})).status == 206);
  CHECK(house.value("shale_blob_pull_bytes_total") == 3);
}

TEST_CASE("RequestMetrics: a head is no pull") {
  Counted<InProcess> house;
  house.api.push_image("app", "v1", "one");
  house.api.expect({{head(manifest_url("app", "v1")), 200}});
  CHECK(house.value("shale_manifest_pulls_total") == 0);
}

TEST_CASE("RequestMetrics: repositories have series of their own up to the bound") {
  Counted<InProcess> house(2);
  house.api.expect({{get(manifest_url("missing", "v1")), 404, "MANIFEST_UNKNOWN"}});
  for (const char* name : {"a", "b", "c", "d"}) {
    house.api.push_image(name, "v1", name);
    house.api.expect({{get(manifest_url(name, "v1")), 200}});
  }
  CHECK(house.value("shale_repository_pulls_total{repository=\"a\"}") == 1);
  CHECK(house.value("shale_repository_pushes_total{repository=\"b\"}") == 1);
  CHECK(house.value("shale_repository_pulls_total{repository=\"c\"}") == -1);
  CHECK(house.value("shale_repository_pulls_total{repository=\"(others)\"}") == 2);
  CHECK(house.value("shale_repository_pulls_total{repository=\"missing\"}") == -1);
  CHECK(house.value("shale_repository_received_bytes_total{repository=\"a\"}") > 0);
}

TEST_CASE("RequestMetrics: what broke off and names that none can have use up no bound") {
  Counted<InProcess> house(1);
  const api::Route* put = api::find_route(http::Method::kPut, api::Resource::kManifest);
  http::Request request;
  request.method = http::Method::kPut;
  http::Exchange exchange{.request = request, .log_message = {}};
  house.requests.finished(exchange, put, "app");
  house.requests.finished(exchange, put, "\"junk");
  exchange.status = 201;
  house.requests.finished(exchange, put, "\"junk");
  CHECK(house.metrics.text().find("repository=") == string::npos);
  house.api.push_image("app", "v1", "one");
  CHECK(house.value("shale_repository_pushes_total{repository=\"app\"}") == 1);
}

TEST_CASE("RequestMetrics: without the setting no repository is named") {
  Counted<InProcess> house;
  house.api.push_image("secret-project", "v1", "one");
  CHECK(house.metrics.text().find("secret-project") == string::npos);
}

TEST_CASE("RequestMetrics: logins are counted by what they came with") {
  Counted<InProcess> house;
  house.requests.login("user", "accepted");
  house.requests.login("user", "accepted");
  house.requests.login("password", "rejected");
  CHECK(house.value(R"(shale_logins_total{outcome="accepted",source="user"})") == 2);
  CHECK(house.value(R"(shale_logins_total{outcome="rejected",source="password"})") == 1);
}

}  // namespace
}  // namespace shale::testing
