#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;
using Json = nlohmann::json;

string post_json(const string& path, const string& body) {
  return sized("POST", path, body, {"Content-Type: application/json"});
}

Setup with(FakeOperations& operations) {
  Setup setup;
  setup.operations = &operations;
  return setup;
}

TEST_CASE_TEMPLATE("Health: alive and started, whatever is wrong", Driver, API_DRIVERS) {
  FakeOperations operations;
  operations.checks = {{"disk", false, "full"}};
  Driver api(with(operations));
  for (const char* path : {"/livez", "/startupz"}) {
    const auto answer = api.ask(get(path));
    CHECK(answer.status == 200);
    CHECK(Json::parse(answer.body)["status"] == "ok");
  }
}

TEST_CASE_TEMPLATE("Health: ready while all is well, else 503 with what is wrong", Driver,
                   API_DRIVERS) {
  FakeOperations operations;
  Driver api(with(operations));
  const auto well = api.ask(get("/readyz"));
  CHECK(well.status == 200);
  CHECK(Json::parse(well.body) ==
        Json{{"status", "ok"},
             {"checks", {{{"name", "disk"}, {"ok", true}, {"detail", "1GiB free"}}}}});

  operations.checks = {{"serving", true, "yes"}, {"disk", false, "full: delete something"}};
  const auto unwell = api.ask(head("/readyz"));
  CHECK(unwell.status == 503);
}

TEST_CASE("Metrics: are text, as Prometheus reads it") {
  FakeOperations operations;
  InProcess api(with(operations));
  const auto answer = api.ask(get("/metrics"));
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body == "shale_up 1\n");
}

TEST_CASE("Metrics: are for administrators, for readers that are named, or for more") {
  using Who = api::Guard::MetricsReaders::Who;
  Gatekeeping gatekeeping(team_rules());
  InProcess api(gatekeeping.setup());
  const auto status_for = [&](std::string_view user) {
    return api.ask(user.empty() ? get("/metrics") : as(user, get("/metrics"))).status;
  };
  CHECK(status_for("") == 401);
  CHECK(status_for("bob") == 403);

  gatekeeping.guard.replace_metrics_readers({.who = Who::kAdmins, .named = {"bob", "robot:ci"}});
  CHECK(status_for("bob") == 200);
  CHECK(status_for("ci") == 200);
  CHECK(status_for("carol") == 403);

  gatekeeping.guard.replace_metrics_readers({.who = Who::kLoggedIn});
  CHECK(status_for("carol") == 200);
  CHECK(status_for("") == 401);

  gatekeeping.guard.replace_metrics_readers({.who = Who::kEverybody});
  CHECK(status_for("") == 200);
}

TEST_CASE_TEMPLATE("Status: tells what the server is and does", Driver, API_DRIVERS) {
  FakeOperations operations;
  operations.server.version = "1.2.3";
  operations.server.connections = {{"waiting", 3}};
  operations.server.waiting_for_restart = {"server.workers"};
  Driver api(with(operations));
  api.push_image("app", "v1", "one");
  api.start_upload("app");
  const auto answer = api.ask(get("/api/v1/status"));
  CHECK(answer.status == 200);
  const Json status = Json::parse(answer.body);
  CHECK(status["version"] == "1.2.3");
  CHECK(status["connections"]["waiting"] == 3);
  CHECK(status["store"]["repositories"] == 1);
  CHECK(status["store"]["tags"] == 1);
  CHECK(status["store"]["uploads_open"] == 1);
  CHECK(status["read_only"] == false);
  CHECK(status["checks"][0]["name"] == "disk");
  CHECK(status["waiting_for_restart"] == Json{"server.workers"});
}

TEST_CASE("Reload: what changed is told, and what is wrong is refused") {
  FakeOperations operations;
  operations.report.changed = {"log.level"};
  operations.report.restart = {"server.listen"};
  operations.report.read = {"policy"};
  InProcess api(with(operations));
  const auto done = api.ask(post_json("/api/v1/reload", "{}"));
  CHECK(done.status == 200);
  CHECK(Json::parse(done.body) ==
        Json{{"changed", {"log.level"}}, {"restart", {"server.listen"}}, {"read", {"policy"}}});

  operations.report = {.changed = {},
                       .restart = {},
                       .read = {},
                       .problems = {"shale.yaml:3:5: wrong", "policy.yaml:1: wrong"}};
  const auto refused = api.ask(post_json("/api/v1/reload", "{}"));
  CHECK(refused.status == 409);
  CHECK(Json::parse(refused.body)["errors"][0]["detail"] == "shale.yaml:3:5: wrong");
  CHECK(Json::parse(refused.body)["errors"][0]["message"] ==
        "no setting was taken over: the configuration or a file it names is wrong");
  CHECK(Json::parse(refused.body)["errors"].size() == 2);

  api.expect({{post_json("/api/v1/reload", R"({"file": "x"})"), 400, "UNSUPPORTED"},
              {sized("POST", "/api/v1/reload", "a=b"), 415, "UNSUPPORTED"}});
  CHECK(operations.reloads == 2);
}

TEST_CASE_TEMPLATE("Read-only: pulls go on, and nothing is pushed, deleted or freed", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  const string upload = api.start_upload("app");
  CHECK(Json::parse(api.ask(post_json("/api/v1/read-only", R"({"on": true})")).body) ==
        Json{{"on", true}});
  api.expect({{get(manifest_url("app", "v1")), 200},
              {get("/v2/app/tags/list"), 200},
              {get(upload), 204},
              {post("/v2/app/blobs/uploads/"), 403, "DENIED"},
              {sized("PATCH", upload, "abc"), 403, "DENIED"},
              {sized("PUT", manifest_url("app", "v2"), R"({"schemaVersion":2,"manifests":[]})",
                     {"Content-Type: application/vnd.oci.image.index.v1+json"}),
               403, "DENIED"},
              {del(manifest_url("app", image)), 403, "DENIED"},
              {post_json("/api/v1/gc/run", R"({"now": true})"), 403, "DENIED"},
              {post_json("/api/v1/repositories/app/remove", "{}"), 403, "DENIED"}});
  const auto collected = api.registry().collect(registry::CollectWhat::kAllOfIt, 100);
  REQUIRE(collected);
  CHECK(collected->blobs + collected->links + collected->waiting == 0);

  api.ask(post_json("/api/v1/read-only", R"({"on": false})"));
  api.expect({{sized("PATCH", upload, "abc"), 202}, {del(manifest_url("app", image)), 202}});
}

TEST_CASE_TEMPLATE("Read-only: an upload that began before is not committed, and can be later",
                   Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = digest_of("abcdef");
  const string upload = api.start_upload("app");
  const auto put = [&](const string& length) {
    return head_of("PUT", with_query(upload, "digest=" + digest.str()),
                   {length, "Expect: 100-continue"});
  };
  auto held = api.hold(put("Content-Length: 6"), "abc");
  api.registry().set_read_only(true);
  const auto refused = held->finish("def");
  CHECK(refused.status == 403);
  CHECK(wire_codes(refused) == "DENIED");
  api.expect({{head(blob_url("app", digest)), 404}});
  CHECK(api.ask(get(upload)).header("Range") == "0-5");

  api.registry().set_read_only(false);
  api.expect({{sized("PUT", with_query(upload, "digest=" + digest.str()), ""), 201},
              {head(blob_url("app", digest)), 200}});
}

TEST_CASE_TEMPLATE("Read-only: a chunk that began before stays, and the upload with it", Driver,
                   API_DRIVERS) {
  Driver api;
  const string upload = api.start_upload("app");
  auto held =
      api.hold(head_of("PATCH", upload, {"Content-Length: 6", "Expect: 100-continue"}), "abc");
  api.registry().set_read_only(true);
  CHECK(held->finish("def").status == 202);
  CHECK(api.ask(get(upload)).header("Range") == "0-5");
}

TEST_CASE_TEMPLATE("Read-only: a blob that comes in one request is refused at its end", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = digest_of("abcdef");
  auto held = api.hold(head_of("POST", "/v2/app/blobs/uploads/?digest=" + digest.str(),
                               {"Content-Length: 6", "Expect: 100-continue"}),
                       "abc");
  api.registry().set_read_only(true);
  CHECK(held->finish("def").status == 403);
  api.expect({{head(blob_url("app", digest)), 404}});
  CHECK(value(api.blobs().open_uploads()).empty());
}

TEST_CASE_TEMPLATE("Read-only: a manifest whose body was still to come is refused", Driver,
                   API_DRIVERS) {
  Driver api;
  const string body = R"({"schemaVersion":2,"manifests":[]})";
  auto held =
      api.hold(head_of("PUT", manifest_url("app", "v1"),
                       {"Content-Type: application/vnd.oci.image.index.v1+json",
                        "Content-Length: " + std::to_string(body.size()), "Expect: 100-continue"}),
               body.substr(0, 3));
  api.registry().set_read_only(true);
  const auto refused = held->finish(body.substr(3));
  CHECK(refused.status == 403);
  CHECK(wire_codes(refused) == "DENIED");
  api.expect({{head(manifest_url("app", "v1")), 404}});
}

TEST_CASE("Read-only: what says neither on nor off is told what to say") {
  InProcess api;
  for (const char* body : {"{}", "[]", R"({"on": 1})", R"({"off": true})"}) {
    CAPTURE(body);
    api.expect({{post_json("/api/v1/read-only", body), 400, "UNSUPPORTED"}});
  }
  CHECK_FALSE(api.registry().read_only());
}

TEST_CASE("Log level: is told and changed, and only to one that there is") {
  FakeOperations operations;
  InProcess api(with(operations));
  CHECK(Json::parse(api.ask(get("/api/v1/log-level")).body) == Json{{"level", "info"}});
  CHECK(api.ask(post_json("/api/v1/log-level", R"({"level": "debug"})")).status == 200);
  CHECK(operations.level == "debug");
  api.expect({{post_json("/api/v1/log-level", R"({"level": "loud"})"), 400, "UNSUPPORTED"},
              {post_json("/api/v1/log-level", "{}"), 400, "UNSUPPORTED"}});
}

TEST_CASE("Request ids: one of a trusted proxy is kept, and any other is not") {
  Setup setup;
  setup.settings.front.trusted_proxies.networks = {*http::IpNetwork::parse("127.0.0.1")};
  InProcess api(setup);
  const auto kept = api.ask(get("/v2/", {"X-Request-Id: from-the-proxy.1"}));
  CHECK(kept.header("X-Request-Id") == "from-the-proxy.1");
  CHECK(api.log_line(kept).find("/v2/") != string::npos);
  for (const string& odd : {string("a b"), string("a\"b"), string("<x>"), string(129, 'a')}) {
    CHECK(api.ask(get("/v2/", {"X-Request-Id: " + odd})).header("X-Request-Id") != odd);
  }

  InProcess stranger;
  const auto fresh = stranger.ask(get("/v2/", {"X-Request-Id: from-a-client"}));
  CHECK(fresh.header("X-Request-Id") != "from-a-client");
}

TEST_CASE("Access log: a trace that the request belongs to stands in its line") {
  InProcess api;
  const auto traced = api.ask(
      get("/v2/", {"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}));
  CHECK(api.log_line(traced).find(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")") !=
        string::npos);
  const auto odd = api.ask(get("/v2/", {"traceparent: 00-zz-11-01"}));
  CHECK(api.log_line(odd).find("trace_id") == string::npos);
}

TEST_CASE("Access log: slow requests are told even where no others are") {
  Setup setup;
  setup.settings.access_log = false;
  setup.settings.slow = std::chrono::milliseconds(1);
  OverSocket api(setup);
  auto held = api.hold(head_of("POST", "/v2/app/blobs/uploads/?digest=" + digest_of("abc").str(),
                               {"Content-Length: 3", "Expect: 100-continue"}),
                       "a");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto answer = held->finish("bc");
  CHECK(answer.status == 201);
  CHECK(api.log_line(answer).find("slow request") != string::npos);
}

}  // namespace
}  // namespace shale::testing
