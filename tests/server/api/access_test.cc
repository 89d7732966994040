#include <map>

#include <doctest/doctest.h>

#include "server/api/routes.h"
#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

const string kChallenge = "Basic realm=\"Shale\"";

bool contains(const string& text, std::string_view part) {
  return text.find(part) != string::npos;
}

string replaced(string text, std::string_view what, const string& with) {
  if (const auto at = text.find(what); at != string::npos) text.replace(at, what.size(), with);
  return text;
}

/// A registry with something behind every route.
template <class Driver>
struct Furnished {
  Gatekeeping gatekeeping{team_rules()};
  Driver api{gatekeeping.setup()};
  Digest image = push_image_as(api, "olga", "team-a/app", "v1", "one");
  Digest blob = push_blob_as(api, "olga", "team-a/app", "a layer");
  string upload = api.ask(as("olga", post("/v2/team-a/app/blobs/uploads/"))).header("Location");

  string robot = api.ask(as("olga", robot_wish("builder"))).body;

  static string robot_wish(const string& name) {
    return sized("POST", "/api/v1/robots",
                 R"({"name":")" + name +
                     R"(","permissions":[{"actions":["pull"],"repositories":["team-a/**"]}]})",
                 {"Content-Type: application/json"});
  }

  string request(const api::Route& route) const {
    string target(route.pattern);
    if (route.resource == api::Resource::kRobots && route.method == http::Method::kPost) {
      return robot_wish("another");
    }
    if (route.resource == api::Resource::kTokensRevoke) {
      return sized("POST", target, R"({"user":"bob"})", {"Content-Type: application/json"});
    }
    if (route.resource == api::Resource::kRetentionRun) {
      return sized("POST", target, R"({"repository":"team-a/**"})",
                   {"Content-Type: application/json"});
    }
    target = replaced(target, "{robot}", "builder");
    target = replaced(target, "{tag}", "v1");
    target = replaced(target, "/v2/{name}/blobs/uploads/{upload}", upload);
    target = replaced(target, "{name}", "team-a/app");
    target = replaced(target, "{reference}", "v1");
    const bool referrers = contains(target, "referrers");
    target = replaced(target, "{digest}", referrers ? image.str() : blob.str());
    const string method(http::method_name(route.method));
    if (method == "GET" || method == "HEAD") return head_of(method, target);
    if (method == "PUT" && route.resource == api::Resource::kUpload) {
      return sized(method, with_query(target, "digest=" + digest_of("x").str()), "x");
    }
    if (contains(target, "/repositories/") && !contains(target, "/tags/")) {
      return sized(method, target, "{}", {"Content-Type: application/json"});
    }
    if (contains(target, "/repositories/")) {
      return sized(method, target, R"({"to":")" + image.str() + R"("})",
                   {"Content-Type: application/json"});
    }
    const bool manifest = method == "PUT";
    return sized(method, target, manifest ? R"({"schemaVersion":2,"manifests":[]})" : "",
                 {"Content-Type: application/vnd.oci.image.index.v1+json"});
  }
};

struct Expected {
  int anonymous;
  int wrong_password;
  int without_right;
  int with_right;
};

/// Every route there is: one that is missing here fails the test.
const std::map<string, Expected> kTable = {
    {"GET /v2/", {401, 401, 200, 200}},
    {"HEAD /v2/", {401, 401, 200, 200}},
    {"GET /v2/_catalog", {200, 401, 200, 200}},
    {"HEAD /v2/_catalog", {200, 401, 200, 200}},
    {"GET /v2/{name}/tags/list", {401, 401, 403, 200}},
    {"HEAD /v2/{name}/tags/list", {401, 401, 403, 200}},
    {"GET /v2/{name}/referrers/{digest}", {401, 401, 403, 200}},
    {"HEAD /v2/{name}/referrers/{digest}", {401, 401, 403, 200}},
    {"GET /v2/{name}/manifests/{reference}", {401, 401, 403, 200}},
    {"HEAD /v2/{name}/manifests/{reference}", {401, 401, 403, 200}},
    {"PUT /v2/{name}/manifests/{reference}", {401, 401, 403, 201}},
    {"DELETE /v2/{name}/manifests/{reference}", {401, 401, 403, 202}},
    {"GET /v2/{name}/blobs/{digest}", {401, 401, 403, 200}},
    {"HEAD /v2/{name}/blobs/{digest}", {401, 401, 403, 200}},
    {"DELETE /v2/{name}/blobs/{digest}", {401, 401, 403, 202}},
    {"POST /v2/{name}/blobs/uploads/", {401, 401, 403, 202}},
    {"GET /v2/{name}/blobs/uploads/{upload}", {401, 401, 403, 204}},
    {"HEAD /v2/{name}/blobs/uploads/{upload}", {401, 401, 403, 204}},
    {"PATCH /v2/{name}/blobs/uploads/{upload}", {401, 401, 403, 202}},
    {"PUT /v2/{name}/blobs/uploads/{upload}", {401, 401, 403, 201}},
    {"DELETE /v2/{name}/blobs/uploads/{upload}", {401, 401, 403, 204}},
    {"GET /auth/token", {200, 401, 200, 200}},
    {"HEAD /auth/token", {200, 401, 200, 200}},
    {"POST /auth/token", {400, 401, 400, 400}},
    {"GET /auth/keys", {200, 200, 200, 200}},
    {"HEAD /auth/keys", {200, 200, 200, 200}},
    {"POST /auth/revoke", {400, 401, 400, 400}},
    {"GET /api/v1/gc", {401, 401, 403, 403}},
    {"HEAD /api/v1/gc", {401, 401, 403, 403}},
    {"POST /api/v1/gc/run", {401, 401, 403, 403}},
    {"GET /api/v1/scrub", {401, 401, 403, 403}},
    {"HEAD /api/v1/scrub", {401, 401, 403, 403}},
    {"POST /api/v1/scrub", {401, 401, 403, 403}},
    {"POST /api/v1/tokens/revoke", {401, 401, 403, 403}},  // alice administers team-a alone
    {"GET /api/v1/robots", {401, 401, 403, 200}},
    {"HEAD /api/v1/robots", {401, 401, 403, 200}},
    {"POST /api/v1/robots", {401, 401, 403, 201}},
    {"GET /api/v1/robots/{robot}", {401, 401, 403, 200}},
    {"HEAD /api/v1/robots/{robot}", {401, 401, 403, 200}},
    {"DELETE /api/v1/robots/{robot}", {401, 401, 403, 204}},
    {"POST /api/v1/robots/{robot}/secret", {401, 401, 403, 200}},
    {"GET /api/v1/repositories/{name}/tags", {401, 401, 403, 200}},
    {"HEAD /api/v1/repositories/{name}/tags", {401, 401, 403, 200}},
    {"GET /api/v1/repositories/{name}/tags/{tag}", {401, 401, 403, 200}},
    {"HEAD /api/v1/repositories/{name}/tags/{tag}", {401, 401, 403, 200}},
    {"GET /api/v1/repositories/{name}/tags/{tag}/history", {401, 401, 403, 200}},
    {"HEAD /api/v1/repositories/{name}/tags/{tag}/history", {401, 401, 403, 200}},
    {"POST /api/v1/repositories/{name}/tags/{tag}/rollback", {401, 401, 403, 200}},
    {"POST /api/v1/repositories/{name}/tags/{tag}/restore", {401, 401, 403, 200}},
    {"POST /api/v1/repositories/{name}/remove", {401, 401, 403, 200}},
    {"POST /api/v1/repositories/{name}/restore", {401, 401, 403, 404}},
    {"GET /api/v1/repositories/{name}/deleted", {401, 401, 403, 200}},
    {"HEAD /api/v1/repositories/{name}/deleted", {401, 401, 403, 200}},
    {"POST /api/v1/repositories/{name}/deleted/drop", {401, 401, 403, 200}},
    {"GET /api/v1/usage", {401, 401, 403, 403}},  // alice administers team-a alone
    {"HEAD /api/v1/usage", {401, 401, 403, 403}},
    {"GET /api/v1/repositories/{name}/usage", {401, 401, 403, 200}},
    {"HEAD /api/v1/repositories/{name}/usage", {401, 401, 403, 200}},
    {"GET /api/v1/layers", {401, 401, 403, 403}},
    {"HEAD /api/v1/layers", {401, 401, 403, 403}},
    {"GET /api/v1/images", {400, 401, 400, 400}},
    {"HEAD /api/v1/images", {400, 401, 400, 400}},
    {"GET /api/v1/quotas", {401, 401, 403, 200}},
    {"HEAD /api/v1/quotas", {401, 401, 403, 200}},
    {"GET /api/v1/rules", {401, 401, 403, 200}},
    {"HEAD /api/v1/rules", {401, 401, 403, 200}},
    {"POST /api/v1/retention/run", {401, 401, 403, 200}},
    {"GET /livez", {200, 200, 200, 200}},
    {"HEAD /livez", {200, 200, 200, 200}},
    {"GET /readyz", {200, 200, 200, 200}},
    {"HEAD /readyz", {200, 200, 200, 200}},
    {"GET /startupz", {200, 200, 200, 200}},
    {"HEAD /startupz", {200, 200, 200, 200}},
    {"GET /metrics", {401, 401, 403, 403}},  // alice administers team-a alone
    {"HEAD /metrics", {401, 401, 403, 403}},
    {"GET /api/v1/status", {401, 401, 403, 403}},
    {"HEAD /api/v1/status", {401, 401, 403, 403}},
    {"POST /api/v1/reload", {401, 401, 403, 403}},
    {"GET /api/v1/read-only", {401, 401, 403, 403}},
    {"HEAD /api/v1/read-only", {401, 401, 403, 403}},
    {"POST /api/v1/read-only", {401, 401, 403, 403}},
    {"GET /api/v1/log-level", {401, 401, 403, 403}},
    {"HEAD /api/v1/log-level", {401, 401, 403, 403}},
    {"POST /api/v1/log-level", {401, 401, 403, 403}},
    {"GET /openapi.yaml", {200, 200, 200, 200}},
    {"HEAD /openapi.yaml", {200, 200, 200, 200}},
};

void check_refusal(const WireResponse& answer, int status, bool with_body) {
  CHECK(answer.status == status);
  CHECK(answer.header("WWW-Authenticate") == (status == 401 ? kChallenge : ""));
  if (status == 401 && with_body) CHECK(wire_codes(answer) == "UNAUTHORIZED");
  if (status == 403 && with_body) CHECK(wire_codes(answer) == "DENIED");
}

TEST_CASE_TEMPLATE("Access: every route asks who it is and what they may do", Driver, API_DRIVERS) {
  CHECK(kTable.size() == api::routes().size());
  for (const api::Route& route : api::routes()) {
    const string name = string(http::method_name(route.method)) + ' ' + string(route.pattern);
    CAPTURE(name);
    const auto row = kTable.find(name);
    REQUIRE(row != kTable.end());
    const bool body = route.method != http::Method::kHead;

    Furnished<Driver> house;
    const string request = house.request(route);
    check_refusal(house.api.ask(request), row->second.anonymous, body);
    check_refusal(house.api.ask(authorized(basic("alice", "wrong"), request)),
                  row->second.wrong_password, body);
    // What is for everybody to read is so whatever a client sends with it.
    const bool open = row->second.wrong_password == 200;
    check_refusal(house.api.ask(authorized("Basic %%%", request)), open ? 200 : 401, body);
    // The first time the password is verified on the pool, then it is remembered.
    check_refusal(house.api.ask(as("carol", request)), row->second.without_right, body);
    check_refusal(house.api.ask(as("carol", request)), row->second.without_right, body);
    CHECK(house.api.ask(as("alice", request)).status == row->second.with_right);
  }
}

TEST_CASE_TEMPLATE("Access: a remembered password serves every route as well", Driver,
                   API_DRIVERS) {
  for (const api::Route& route : api::routes()) {
    const string name = string(http::method_name(route.method)) + ' ' + string(route.pattern);
    CAPTURE(name);
    Furnished<Driver> house;
    CHECK(house.api.ask(as("alice", get("/v2/"))).status == 200);
    const int asked = house.gatekeeping.users.asked;
    CHECK(house.api.ask(as("alice", house.request(route))).status == kTable.at(name).with_right);
    CHECK(house.gatekeeping.users.asked == asked);
  }
}

TEST_CASE_TEMPLATE("Access: what is public needs no login, but /v2/ asks for one all the same",
                   Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Digest image = push_image_as(api, "olga", "public/app", "v1", "one");
  CHECK(api.ask(get(manifest_url("public/app", "v1"))).status == 200);
  CHECK(api.ask(as("carol", get(manifest_url("public/app", image)))).status == 200);
  CHECK(api.ask(authorized(basic("", ""), get(manifest_url("public/app", "v1")))).status == 200);
  check_refusal(api.ask(get("/v2/")), 401, true);
  check_refusal(api.ask(del(manifest_url("public/app", "v1"))), 401, true);
}

TEST_CASE_TEMPLATE("Access: what is there and what is not are refused alike", Driver, API_DRIVERS) {
  Furnished<Driver> house;
  Client& api = house.api;
  for (const string& target :
       {manifest_url("team-a/app", "v1"), manifest_url("team-a/none", "v1"),
        blob_url("team-a/app", house.blob), blob_url("team-a/none", house.blob),
        string("/v2/team-a/app/tags/list"), string("/v2/team-a/none/tags/list")}) {
    CAPTURE(target);
    check_refusal(api.ask(get(target)), 401, true);
    check_refusal(api.ask(as("carol", get(target))), 403, true);
  }
}

TEST_CASE_TEMPLATE("Access: one who may push may not move a tag, unless that is allowed as well",
                   Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  push_image_as(api, "pat", "team-a/app", "v1", "one");
  push_image_as(api, "pat", "team-a/app", "v1", "one");
  push_image_as(api, "pat", "team-a/app", "v2", "two");
  const string other = R"({"schemaVersion":2,"manifests":[]})";
  const string type = "Content-Type: application/vnd.oci.image.index.v1+json";
  const auto refused =
      api.ask(as("pat", sized("PUT", manifest_url("team-a/app", "v1"), other, {type})));
  CHECK(refused.status == 403);
  CHECK(wire_codes(refused) == "DENIED");
  const string by_digest = manifest_url("team-a/app", digest_of(other));
  CHECK(api.ask(as("pat", sized("PUT", by_digest + "?tag=new&tag=v2", other, {type}))).status ==
        403);
  CHECK(api.ask(as("alice", get(by_digest))).status == 404);
  CHECK(api.ask(as("pat", sized("PUT", by_digest + "?tag=new", other, {type}))).status == 201);
  CHECK(api.ask(as("alice", sized("PUT", by_digest + "?tag=v1", other, {type}))).status == 201);
}

TEST_CASE_TEMPLATE("Access: a mount takes nothing that the caller may not pull", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Digest secret = push_blob_as(api, "olga", "team-b/app", "a secret");
  const Digest open = push_blob_as(api, "olga", "public/app", "no secret");
  const auto mount = [&](const Digest& digest, const string& from) {
    return api.ask(as("alice", post("/v2/team-a/app/blobs/uploads/?mount=" + digest.str() + from)))
        .status;
  };
  CHECK(mount(secret, "&from=team-b/app") == 202);
  CHECK(mount(secret, "") == 202);
  CHECK(mount(open, "&from=public/app") == 201);
  push_blob_as(api, "olga", "public/other", "another");
  CHECK(mount(digest_of("another"), "") == 201);
  CHECK(api.ask(as("alice", get(blob_url("team-a/app", secret)))).status == 404);
}

TEST_CASE_TEMPLATE("Access: a source that fails is 503, and lets nobody in", Driver, API_DRIVERS) {
  Furnished<Driver> house;
  house.gatekeeping.users.broken = true;
  const auto answer = house.api.ask(as("alice", get("/v2/")));
  CHECK(answer.status == 503);
  CHECK(wire_codes(answer) == "UNAVAILABLE");
  CHECK_FALSE(answer.header("Retry-After").empty());
  CHECK(answer.header("WWW-Authenticate").empty());
  CHECK(contains(house.api.log_line(answer), "the directory is away"));
}

TEST_CASE_TEMPLATE("Access: who guesses is told to come back later", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  for (int i = 0; i < 5; ++i) {
    CHECK(api.ask(authorized(basic("alice", "guess"), get("/v2/"))).status == 401);
  }
  const auto answer = api.ask(authorized(basic("alice", "guess"), get("/v2/")));
  CHECK(answer.status == 429);
  CHECK(wire_codes(answer) == "TOOMANYREQUESTS");
  CHECK(answer.header("Retry-After") == "1");
  CHECK(api.ask(as("alice", get("/v2/"))).status == 429);
  CHECK(api.ask(as("bob", get("/v2/"))).status == 200);
  gatekeeping.clock.advance(std::chrono::seconds(2));
  CHECK(api.ask(as("alice", get("/v2/"))).status == 200);
}

TEST_CASE_TEMPLATE("Access: the log names the user, and holds no secret", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const auto right = api.ask(as("alice", get("/v2/")));
  CHECK(contains(api.log_line(right), R"("user":"alice")"));
  const auto remembered = api.ask(as("alice", get("/v2/team-a/app/tags/list")));
  CHECK(contains(api.log_line(remembered), R"("user":"alice")"));
  const auto denied = api.ask(as("carol", get("/v2/team-a/app/tags/list")));
  CHECK(contains(api.log_line(denied), R"("user":"carol")"));
  CHECK(contains(api.log_line(denied), "pull denied: no rule matches"));
  const auto wrong = api.ask(authorized(basic("alice", "hunter2"), get("/v2/")));
  for (const WireResponse& answer : {right, remembered, denied, wrong}) {
    CHECK_FALSE(contains(api.log_line(answer), "secret"));
    CHECK_FALSE(contains(api.log_line(answer), "hunter2"));
    CHECK_FALSE(contains(api.log_line(answer), "Basic"));
  }
}

TEST_CASE("Access: a refused body is not asked for, however large") {
  Gatekeeping gatekeeping(team_rules());
  OverSocket api(gatekeeping.setup());
  for (const string& target : {manifest_url("team-a/app", "v1"),
                               "/v2/team-a/app/blobs/uploads/?digest=" + digest_of("x").str()}) {
    for (const string& who : {basic("alice", "wrong"), basic("carol", "carol-secret")}) {
      const string method = contains(target, "manifests") ? "PUT" : "POST";
      const auto answer = api.ask(
          authorized(who, head_of(method, target,
                                  {"Content-Length: 4000000", "Expect: 100-continue",
                                   "Content-Type: application/vnd.oci.image.index.v1+json"})));
      CHECK(answer.status == (contains(who, basic("carol", "carol-secret")) ? 403 : 401));
      CHECK(answer.header("Connection") == "close");
    }
  }
}

}  // namespace
}  // namespace shale::testing
