#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;
using Json = nlohmann::json;

string url(const string& end, const string& repository = "kept/app") {
  return "/api/v1/repositories/" + repository + end;
}
string post_json(const string& target, const string& json) {
  return sized("POST", target, json, {"Content-Type: application/json"});
}
template <class Driver>
Json json_of(Driver& api, const string& request) {
  const auto answer = api.ask(request);
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/json");
  return Json::parse(answer.body);
}

TEST_CASE_TEMPLATE("Deletions: a dry run tells what goes, what stays and why, and does nothing",
                   Driver, API_DRIVERS) {
  Setup setup;
  setup.registry.rules = std::make_shared<const registry::Rules>(std::vector<registry::Rule>(),
                                                                 std::chrono::hours(24));
  Driver api(setup);
  const Digest one = api.push_image("kept/app", "v1", "one");
  const string wish = R"({"reference":"v1","dry_run":true})";
  const Json told = json_of(api, post_json(url("/remove"), wish));
  CHECK(told["repository"] == "kept/app");
  CHECK(told["dry_run"] == true);
  CHECK(told["tags"]["first"] == Json{"v1"});
  CHECK(told["manifests"]["count"] == 1);
  CHECK(told["manifests"]["first"][0]["digest"] == one.str());
  CHECK(told["blobs"]["count"] >= 1);
  CHECK(told["bytes"] >= 1);
  CHECK(told["restorable_for_ms"] == 24 * 3600 * 1000);
  api.expect({{get(manifest_url("kept/app", "v1")), 200}});
}

TEST_CASE_TEMPLATE("Deletions: an image goes, is listed, and comes back with its tags", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest one = api.push_image("kept/app", "v1", "one");
  api.push_image("kept/app", "v2", "two");
  CHECK(json_of(api, post_json(url("/remove"), R"({"reference":"v1"})"))["dry_run"] == false);
  api.expect({{get(manifest_url("kept/app", one)), 404, "MANIFEST_UNKNOWN"}});

  const Json deleted = json_of(api, get(url("/deleted")));
  REQUIRE(deleted["deleted"].size() == 1);
  CHECK(deleted["deleted"][0]["digest"] == one.str());
  CHECK(deleted["deleted"][0]["tags"] == Json{"v1"});
  CHECK(deleted["deleted"][0]["actor"] == "anonymous");
  CHECK(deleted["next"].is_null());

  const Json back = json_of(api, post_json(url("/restore"), R"({"digest":")" + one.str() + "\"}"));
  CHECK(back["restored"]["count"] == 1);
  CHECK(back["restored"]["first"][0]["tags"] == Json{"v1"});
  CHECK(api.ask(get(manifest_url("kept/app", "v1"))).header("Docker-Content-Digest") == one.str());
  CHECK(json_of(api, get(url("/deleted")))["deleted"].empty());
}

TEST_CASE_TEMPLATE("Deletions: a repository goes whole and comes back whole", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("kept/app", "v1", "one");
  api.push_image("kept/app", "v2", "two");
  CHECK(json_of(api, post_json(url("/remove"), "{}"))["manifests"]["count"] == 2);
  api.expect({{get("/v2/kept/app/tags/list"), 404, "NAME_UNKNOWN"},
              {post_json(url("/remove"), "{}"), 404, "NAME_UNKNOWN"}});
  CHECK(json_of(api, post_json(url("/restore"), ""))["restored"]["count"] == 2);
  api.expect({{get(manifest_url("kept/app", "v1")), 200},
              {get(manifest_url("kept/app", "v2")), 200},
              {post_json(url("/restore"), "{}"), 404, "NAME_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Deletions: for good, by a dropped history, or without one, nothing comes back",
                   Driver, API_DRIVERS) {
  Driver api;
  for (const char* repository : {"kept/app", "plain"}) {
    const Digest one = api.push_image(repository, "v1", "one");
    const bool kept = string(repository) == "kept/app";
    const string wish = kept ? R"({"reference":"v1","for_good":true})" : R"({"reference":"v1"})";
    CHECK(json_of(api, post_json(url("/remove", repository), wish))["restorable_for_ms"] == 0);
    api.expect({{post_json(url("/restore", repository), R"({"digest":")" + one.str() + "\"}"), 404,
                 "MANIFEST_UNKNOWN"}});
  }
  const Digest two = api.push_image("kept/app", "v1", "two");
  json_of(api, post_json(url("/remove"), R"({"reference":"v1"})"));
  const string which = R"({"digest":")" + two.str() + "\"}";
  CHECK(json_of(api, post_json(url("/deleted/drop"), which))["dropped"] == 1);
  CHECK(json_of(api, post_json(url("/deleted/drop"), "{}"))["dropped"] == 0);
  api.expect({{post_json(url("/deleted/drop"), which), 404, "MANIFEST_UNKNOWN"},
              {post_json(url("/restore"), which), 404, "MANIFEST_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Deletions: the list of what was deleted comes in pages", Driver, API_DRIVERS) {
  Driver api;
  for (const char* content : {"one", "two", "three"})
    api.push_image("kept/app", content, content);
  json_of(api, post_json(url("/remove"), "{}"));
  const Json first = json_of(api, get(url("/deleted?n=2")));
  CHECK(first["deleted"].size() == 2);
  REQUIRE(first["next"].is_string());
  const Json rest = json_of(api, get(url("/deleted?n=2&last=" + first["next"].get<string>())));
  CHECK(rest["deleted"].size() == 1);
  CHECK(rest["next"].is_null());
  CHECK(first["deleted"][0]["operation"] == rest["deleted"][0]["operation"]);
  api.expect({{get(url("/deleted?last=x")), 400, "DIGEST_INVALID"}});
}

TEST_CASE_TEMPLATE("Deletions: what cannot be is refused with what is wrong", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("kept/app", "v1", "one");
  struct Case {
    const char* end;
    const char* json;
    int status;
    const char* words;
  };
  const Case cases[] = {
      {"/remove", "[]", 400, "no JSON object"},
      {"/remove", R"({"tag":"v1"})", 400, "there is no member `tag`"},
      {"/remove", R"({"reference":1})", 400, "`reference` must be a string"},
      {"/remove", R"({"reference":"-"})", 400, ""},
      {"/remove", R"({"dry_run":"yes"})", 400, "`dry_run` must be true or false"},
      {"/remove", R"({"for_good":1})", 400, "`for_good` must be true or false"},
      {"/remove", R"({"reference":"v9"})", 404, "the tag v9 is not in kept/app"},
      {"/restore", R"({"digest":"v1"})", 400, ""},
      {"/restore", R"({"digest":7})", 400, "`digest` must be a string"},
      {"/restore", "{}", 404, "nothing that was deleted from kept/app is kept"},
      {"/deleted/drop", R"({"all":true})", 400, "there is no member `all`"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.end);
    CAPTURE(one.json);
    const auto answer = api.ask(post_json(url(one.end), one.json));
    CHECK(answer.status == one.status);
    CHECK(answer.body.find(one.words) != string::npos);
  }
  api.expect({{sized("POST", url("/remove"), "{}"), 415, "UNSUPPORTED"},
              {get(url("/remove")), 405, "UNSUPPORTED"},
              {get(manifest_url("kept/app", "v1")), 200}});
}

TEST_CASE_TEMPLATE("Deletions: what has no way back is for who administers the repository", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping({{"user:alice", "kept/**", "pull push delete admin"},
                           {"user:bob", "kept/**", "pull push delete"},
                           {"user:carol", "kept/**", "pull push"}});
  Driver api(gatekeeping.setup());
  push_image_as(api, "alice", "kept/app", "v1", "one");
  const string drop = post_json(url("/deleted/drop"), "{}");
  const string remove = post_json(url("/remove"), R"({"reference":"v1"})");
  const string dry = post_json(url("/remove"), R"({"reference":"v1","dry_run":true})");
  const string for_good = post_json(url("/remove"), R"({"reference":"v1","for_good":true})");
  api.expect({{as("bob", drop), 403, "DENIED"},
              {as("bob", for_good), 403, "DENIED"},
              {as("carol", dry), 403, "DENIED"},
              {as("bob", dry), 200},
              {as("bob", remove), 200},
              {as("carol", post_json(url("/restore"), "{}")), 200},
              {as("alice", for_good), 200},
              {as("alice", drop), 200}});
}

TEST_CASE_TEMPLATE("Deletions: the switches and the rules hold here too", Driver, API_DRIVERS) {
  Setup setup;
  SUBCASE("of manifests") {
    setup.registry.deletes.manifests = false;
    Driver api(setup);
    api.push_image("kept/app", "v1", "one");
    api.expect({{post_json(url("/remove"), R"({"reference":"v1"})"), 405, "UNSUPPORTED"},
                {get(manifest_url("kept/app", "v1")), 200}});
  }
  SUBCASE("of immutable tags, before anything is done") {
    registry::Rule rule;
    rule.matches = [](std::string_view) { return true; };
    rule.repositories = {"**"};
    rule.immutable_tags = std::vector<string>{"v*"};
    setup.registry.rules = std::make_shared<const registry::Rules>(std::vector{rule});
    Driver api(setup);
    api.push_image("kept/app", "v1", "one");
    api.push_image("kept/app", "latest", "two");
    const auto refused = api.ask(post_json(url("/remove"), "{}"));
    CHECK(refused.status == 403);
    CHECK(refused.body.find("the tag v1 of kept/app is immutable") != string::npos);
    api.expect({{get(manifest_url("kept/app", "latest")), 200}});
  }
}

}  // namespace
}  // namespace shale::testing
