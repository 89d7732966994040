#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

Setup absolute(std::string_view trusted = "") {
  Setup setup;
  setup.settings.absolute_locations = true;
  if (!trusted.empty()) {
    setup.settings.front.trusted_proxies.networks.push_back(*http::IpNetwork::parse(trusted));
  }
  return setup;
}

/// Where every answer with a Location points, without the path: empty for a
/// relative one. `field` goes with each request.
string origin_of_locations(Client& api, std::string_view field = "X-Nothing: 0") {
  const Digest blob = digest_of("blob");
  const string manifest = R"({"schemaVersion":2,"manifests":[]})";
  const string uploads = "/v2/team/app/blobs/uploads/";
  const auto started = api.ask(post(uploads, {field}));
  const string upload = uploads + started.header("Docker-Upload-UUID");

  std::vector<std::pair<WireResponse, string>> answers;
  answers.emplace_back(started, upload);
  answers.emplace_back(api.ask(sized("PATCH", upload, "bl", {field})), upload);
  answers.emplace_back(api.ask(sized("PATCH", upload, "x", {"Content-Range: 9-9", field})), upload);
  answers.emplace_back(api.ask(get(upload, {field})), upload);
  answers.emplace_back(api.ask(sized("PUT", upload + "?digest=" + blob.str(), "ob", {field})),
                       blob_url("team/app", blob));
  answers.emplace_back(api.ask(sized("POST", uploads + "?digest=" + blob.str(), "blob", {field})),
                       blob_url("team/app", blob));
  answers.emplace_back(api.ask(post(uploads + "?mount=" + blob.str(), {field})),
                       blob_url("team/app", blob));
  answers.emplace_back(
      api.ask(sized("PUT", manifest_url("team/app", "v1"), manifest,
                    {"Content-Type: application/vnd.oci.image.index.v1+json", field})),
      manifest_url("team/app", digest_of(manifest)));

  const string first = started.header("Location");
  REQUIRE(first.ends_with(upload));
  const string origin = first.substr(0, first.size() - upload.size());
  for (const auto& [answer, path] : answers)
    CHECK(answer.header("Location") == origin + path);

  // Links never name an origin: clients refuse another one than they asked.
  api.push_manifest("team/app", "v2", manifest, kImageIndex);
  CHECK(api.ask(get("/v2/team/app/tags/list?n=1", {field})).header("Link") ==
        R"(</v2/team/app/tags/list?last=v1&n=1>; rel="next")");
  return origin;
}

TEST_CASE_TEMPLATE("Locations: are relative, whatever the headers say", Driver, API_DRIVERS) {
  Driver api;
  CHECK(origin_of_locations(api).empty());
  CHECK(origin_of_locations(api, "X-Forwarded-Host: evil.test").empty());
  CHECK(origin_of_locations(api, "Forwarded: proto=https;host=evil.test").empty());
}

TEST_CASE_TEMPLATE("Locations: have the external URL where there is one", Driver, API_DRIVERS) {
  Setup setup = absolute("127.0.0.0/8");
  setup.settings.front.external_url = "https://hub.example.com:8443";
  Driver api(setup);
  CHECK(origin_of_locations(api) == "https://hub.example.com:8443");
  CHECK(origin_of_locations(api, "X-Forwarded-Host: other.test") == "https://hub.example.com:8443");
}

TEST_CASE_TEMPLATE("Locations: can be absolute, as the client sees us", Driver, API_DRIVERS) {
  Driver api(absolute());
  CHECK(origin_of_locations(api) == "http://registry.test");
  const auto with_port = api.ask(
      "POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: [::1]:5000\r\nContent-Length: 0\r\n\r\n");
  CHECK(with_port.header("Location").starts_with("http://[::1]:5000/v2/app/blobs/uploads/"));
  // Without a host there is nothing to be absolute with.
  for (const string head : {"POST /v2/app/blobs/uploads/ HTTP/1.0\r\n",
                            "POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost:\r\n"}) {
    const auto answer = api.ask(head + "Content-Length: 0\r\n\r\n");
    CHECK(answer.header("Location").starts_with("/v2/app/blobs/uploads/"));
  }
}

TEST_CASE_TEMPLATE("Locations: follow a trusted proxy", Driver, API_DRIVERS) {
  Driver api(absolute("127.0.0.0/8"));
  CHECK(origin_of_locations(api) == "http://registry.test");
  CHECK(origin_of_locations(api, "X-Forwarded-Proto: https") == "https://registry.test");
  CHECK(origin_of_locations(api, "X-Forwarded-Host: hub.test:8443") == "http://hub.test:8443");
  CHECK(origin_of_locations(api, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: hub.test") ==
        "https://hub.test");
  CHECK(origin_of_locations(api, "Forwarded: for=192.0.2.1;proto=https;host=hub.test") ==
        "https://hub.test");
  CHECK(origin_of_locations(api, "Forwarded: host=\"hub.test:8443\"") == "http://hub.test:8443");
  // What is no host or no scheme counts as not sent.
  CHECK(origin_of_locations(api, "X-Forwarded-Host: a b") == "http://registry.test");
  CHECK(origin_of_locations(api, "X-Forwarded-Host: evil.test/path") == "http://registry.test");
  CHECK(origin_of_locations(api, "X-Forwarded-Proto: javascript") == "http://registry.test");
  CHECK(origin_of_locations(api, "Forwarded: host=\"evil.test") == "http://registry.test");
}

TEST_CASE_TEMPLATE("Locations: do not follow anybody else", Driver, API_DRIVERS) {
  for (const string trusted : {"", "192.0.2.0/24", "::/0"}) {
    Driver api(absolute(trusted));
    for (const std::string_view field :
         {"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test",
          "Forwarded: proto=https;host=evil.test", "X-Forwarded-For: 192.0.2.7"}) {
      CHECK(origin_of_locations(api, field) == "http://registry.test");
    }
  }
}

TEST_CASE_TEMPLATE("Locations: the log names the client that a trusted proxy tells of", Driver,
                   API_DRIVERS) {
  const auto client_in_log = [](const Setup& setup, std::string_view field) {
    Driver api(setup);
    const string line = api.log_line(api.ask(get("/v2/", {field})));
    constexpr std::string_view kKey = "\"client\":\"";
    const std::size_t at = line.find(kKey) + kKey.size();
    return line.substr(at, line.find('"', at) - at);
  };
  const Setup trusting = absolute("127.0.0.1");
  CHECK(client_in_log(trusting, "X-Forwarded-For: 192.0.2.7") == "192.0.2.7");
  CHECK(client_in_log(trusting, "X-Forwarded-For: 198.51.100.1, 192.0.2.7") == "192.0.2.7");
  CHECK(client_in_log(trusting, "Forwarded: for=\"[2001:db8::1]:99\"") == "2001:db8::1");
  CHECK(client_in_log(trusting, "X-Forwarded-For: nonsense") == "127.0.0.1");
  CHECK(client_in_log(absolute(), "X-Forwarded-For: 192.0.2.7") == "127.0.0.1");
}

}  // namespace
}  // namespace shale::testing
