#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

string run_url() {
  return "/api/v1/gc/run";
}

TEST_CASE_TEMPLATE("Collection: asked for now, it frees what a deleted image leaves", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("app", "v1", "one");
  api.push_image("app", "v2", "two");
  api.expect({{del(manifest_url("app", digest)), 202}});

  const auto none = api.ask(sized("POST", run_url(), "{}", {"Content-Type: application/json"}));
  CHECK(none.status == 200);
  CHECK(Json::parse(none.body)["links"] == 0);

  const auto done =
      api.ask(sized("POST", run_url(), R"({"now": true})", {"Content-Type: application/json"}));
  CHECK(done.status == 200);
  const Json report = Json::parse(done.body);
  CHECK(report["links"] >= 1);
  CHECK(report["bytes"] >= 1);
  CHECK(report["more"] == false);

  const auto totals = api.ask(get("/api/v1/gc"));
  CHECK(Json::parse(totals.body)["since_start"]["bytes"] == report["bytes"]);
  api.expect({{get(manifest_url("app", "v2")), 200}});
}

TEST_CASE_TEMPLATE("Collection: tells of the manifests whose history has ended", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("kept/app", "v1", "one");
  api.expect({{del(manifest_url("kept/app", digest)), 202}});
  const auto collect = [&] {
    const auto done =
        api.ask(sized("POST", run_url(), R"({"now": true})", {"Content-Type: application/json"}));
    return Json::parse(done.body);
  };
  CHECK(collect()["blobs"] == 0);  // history keeps them, whatever is asked
  api.clock().advance(std::chrono::hours(24));
  const Json report = collect();
  CHECK(report["manifests"] == 1);
  CHECK(report["blobs"] >= 1);
  CHECK(Json::parse(api.ask(get("/api/v1/usage")).body)["stored"] == 0);
}

TEST_CASE_TEMPLATE("Collection: what says something else is told what to say", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const char* body : {"[]", "{", R"({"now": 1})", R"({"later": true})",
                           R"({"now": true, "then": true})", "\"now\""}) {
    CAPTURE(body);
    api.expect(
        {{sized("POST", run_url(), body, {"Content-Type: application/json"}), 400, "UNSUPPORTED"}});
  }
  api.expect(
      {{sized("POST", run_url(), "now=true", {"Content-Type: application/x-www-form-urlencoded"}),
        415, "UNSUPPORTED"},
       {get(run_url()), 405, "UNSUPPORTED"},
       {del("/api/v1/gc"), 405, "UNSUPPORTED"}});
}

}  // namespace
}  // namespace shale::testing
