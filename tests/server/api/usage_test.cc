#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;
using Json = nlohmann::json;

Json fine(const WireResponse& answer) {
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/json");
  return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
}

Setup with_quotas() {
  Setup setup;
  setup.registry.quotas = {{"team", 1000, 5}, {"free", std::nullopt, 7}};
  return setup;
}

TEST_CASE_TEMPLATE("Usage: a repository, a namespace and the store are told in numbers", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_blob("team/a", "12345");
  api.push_blob("team/a", "123");
  api.push_blob("team/b", "12345");
  api.push_blob("other", "12345");
  const string upload = api.start_upload("team/b");
  REQUIRE(api.ask(sized("PATCH", upload, "1234567")).status == 202);

  const Json one = fine(api.ask(get("/api/v1/repositories/team/a/usage")));
  CHECK(one == Json{{"repository", "team/a"},
                    {"logical", 8},
                    {"unique", 3},
                    {"shared", 5},
                    {"pinned", 0},
                    {"in_flight", 0},
                    {"tags", 0},
                    {"manifests", 0},
                    {"blobs", 2}});
  const Json team = fine(api.ask(get("/api/v1/usage?namespace=team")));
  CHECK(team["logical"] == 13);
  CHECK(team["in_flight"] == 7);
  REQUIRE(team["largest"].size() == 2);
  CHECK(team["largest"][0] == one);
  CHECK(team["largest"][1]["in_flight"] == 7);
  const Json all = fine(api.ask(get("/api/v1/usage?top=1")));
  CHECK(all["stored"] == 8);
  CHECK(all["logical"] == 18);
  CHECK(all["ratio"] == 2.25);
  CHECK(all["repositories"] == 3);
  CHECK(all["in_flight"] == 7);
  CHECK(all["uploads"] == 1);
  CHECK(all["largest"].size() == 1);
  api.expect({{get("/api/v1/repositories/none/usage"), 404, "NAME_UNKNOWN"},
              {get("/api/v1/repositories/No/usage"), 400, "NAME_INVALID"},
              {get("/api/v1/repositories//usage"), 400, "NAME_INVALID"},
              {get("/api/v1/usage?namespace=No"), 400, "UNSUPPORTED"},
              {get("/api/v1/usage?namespace="), 400, "UNSUPPORTED"},
              {get("/api/v1/usage?top=0"), 400, "UNSUPPORTED"},
              {get("/api/v1/usage?top=1001"), 400, "UNSUPPORTED"},
              {get("/api/v1/usage?top=-1"), 400, "UNSUPPORTED"},
              {get("/api/v1/layers?top=x"), 400, "UNSUPPORTED"},
              {post("/api/v1/usage"), 405, "UNSUPPORTED"}});
}

TEST_CASE_TEMPLATE("Usage: shared layers and who contains them are told", Driver, API_DRIVERS) {
  Driver api;
  const Digest one = api.push_image("a", "v1", "one");
  api.push_image("b", "v2", "one");
  api.push_image("c", "v3", "two");
  const Json layers = fine(api.ask(get("/api/v1/layers?top=1")))["layers"];
  REQUIRE(layers.size() == 1);
  CHECK(layers[0]["images"] == 2);
  CHECK(layers[0]["repositories"] == 2);

  const string layer = layers[0]["digest"];
  const Json found = fine(api.ask(get("/api/v1/images?layer=" + escaped(layer))));
  REQUIRE(found["images"].size() == 2);
  CHECK(found["more"] == false);
  CHECK(found["images"][0]["repository"] == "a");
  CHECK(found["images"][0]["tags"] == Json{"v1"});
  CHECK(found["images"][0]["digest"] == one.str());
  CHECK(fine(api.ask(get("/api/v1/images?base=a:v1")))["images"].empty());
  CHECK(fine(api.ask(get("/api/v1/images?base=" + digest_of("never").str())))["images"].empty());
  api.expect({{get("/api/v1/images"), 400, "UNSUPPORTED"},
              {get("/api/v1/images?layer=" + layer + "&base=a:v1"), 400, "UNSUPPORTED"},
              {get("/api/v1/images?layer=x"), 400, "DIGEST_INVALID"},
              {get("/api/v1/images?base=a"), 400, "UNSUPPORTED"},
              {get("/api/v1/images?base=A:v1"), 400, "NAME_INVALID"},
              {get("/api/v1/images?base=a:v9"), 404, "MANIFEST_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Usage: quotas are listed with what is used of them", Driver, API_DRIVERS) {
  Driver api(with_quotas());
  api.push_blob("team/a", "12345");
  const Json quotas = fine(api.ask(get("/api/v1/quotas")))["quotas"];
  REQUIRE(quotas.size() == 2);
  CHECK(quotas[0] == Json{{"namespace", "team"},
                          {"bytes", {{"limit", 1000}, {"used", 5}}},
                          {"tags", {{"limit", 5}, {"used", 0}}}});
  CHECK(quotas[1] == Json{{"namespace", "free"}, {"tags", {{"limit", 7}, {"used", 0}}}});
}

TEST_CASE_TEMPLATE("Usage: nobody learns of repositories that they may not pull", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Digest layer = push_blob_as(api, "olga", "team-a/app", "a layer");
  push_blob_as(api, "olga", "secret/app", "a layer");
  const string image = R"({"schemaVersion":2,"config":{"mediaType":"x/y","digest":")" +
                       layer.str() + R"(","size":7},"layers":[{"mediaType":"x/y","digest":")" +
                       layer.str() + R"(","size":7}]})";
  for (const char* name : {"team-a/app", "secret/app"}) {
    REQUIRE(api.ask(as("olga", sized("PUT", manifest_url(name, "v1"), image,
                                     {"Content-Type: application/vnd.oci.image.manifest.v1+json"})))
                .status == 201);
  }
  const string with = "/api/v1/images?layer=" + layer.str();
  CHECK(fine(api.ask(as("olga", get(with))))["images"].size() == 2);
  const Json seen = fine(api.ask(as("bob", get(with))))["images"];
  REQUIRE(seen.size() == 1);
  CHECK(seen[0]["repository"] == "team-a/app");
  CHECK(fine(api.ask(as("carol", get(with))))["images"].empty());
  CHECK(api.ask(as("bob", get("/api/v1/images?base=secret/app:v1"))).status == 404);
  CHECK(api.ask(as("bob", get("/api/v1/repositories/team-a/app/usage"))).status == 200);
  CHECK(api.ask(as("bob", get("/api/v1/repositories/secret/app/usage"))).status == 403);
  for (const char* whole : {"/api/v1/usage", "/api/v1/layers", "/api/v1/usage?namespace=secret"}) {
    CHECK(api.ask(as("olga", get(whole))).status == 200);
    CHECK(api.ask(as("alice", get(whole))).status == 403);
  }
}

}  // namespace
}  // namespace shale::testing
