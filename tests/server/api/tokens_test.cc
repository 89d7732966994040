#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

using Challenge = api::Guard::Challenge;
using Json = nlohmann::json;
using std::string;

const string kRealm = R"(Bearer realm="http://registry.test/auth/token",service="shale")";

string token_of(const WireResponse& answer) {
  REQUIRE(answer.status == 200);
  return Json::parse(answer.body).at("token").get<string>();
}

/// A token for what is asked; as nobody when `user` is empty.
string token_for(Client& api, const string& user, const string& scope) {
  const string request = get("/auth/token?service=shale&scope=" + scope);
  return token_of(api.ask(user.empty() ? request : as(user, request)));
}

string bearing(const string& token, const string& request) {
  return authorized("Bearer " + token, request);
}

string form(const string& body) {
  return sized("POST", "/auth/token", body,
               {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"});
}

TEST_CASE_TEMPLATE("Tokens: a challenge tells where to get one, and for what", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules(), Challenge::kAuto);
  Driver api(gatekeeping.setup());
  const auto challenge = [&](const string& request) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 401);
    return answer.header("WWW-Authenticate");
  };
  CHECK(challenge(get("/v2/")) == kRealm);
  CHECK(challenge(get("/v2/team-a/app/tags/list")) ==
        kRealm + R"(,scope="repository:team-a/app:pull")");
  CHECK(challenge(post("/v2/team-a/app/blobs/uploads/")) ==
        kRealm + R"(,scope="repository:team-a/app:pull,push")");
  CHECK(challenge(post("/v2/team-a/app/blobs/uploads/?from=team-b%2Fx&mount=y")) ==
        kRealm + R"(,scope="repository:team-a/app:pull,push repository:team-b/x:pull")");
  CHECK(challenge(del(manifest_url("team-a/app", "v1"))) ==
        kRealm + R"(,scope="repository:team-a/app:delete")");
  // No name that could not be one gets into the field.
  CHECK(challenge(get("/v2/a%22b/tags/list")) == kRealm);
  CHECK(challenge(post("/v2/team-a/app/blobs/uploads/?from=a%22b")) ==
        kRealm + R"(,scope="repository:team-a/app:pull,push")");
}

TEST_CASE("Tokens: a challenge points where clients come in, which can change") {
  Gatekeeping gatekeeping(team_rules(), Challenge::kAuto);
  InProcess api(gatekeeping.setup());
  const auto realm = [&] {
    const auto answer = api.ask(get("/v2/", {"X-Forwarded-Host: front.test"}));
    const string field = answer.header("WWW-Authenticate");
    return field.substr(0, field.find(','));
  };
  CHECK(realm() == R"(Bearer realm="http://registry.test/auth/token")");
  gatekeeping.guard.replace_front(
      {.external_url = "",
       .trusted_proxies = {.networks = {*http::IpNetwork::parse("127.0.0.1")}}});
  CHECK(realm() == R"(Bearer realm="http://front.test/auth/token")");
  gatekeeping.guard.replace_front({.external_url = "https://hub.test", .trusted_proxies = {}});
  CHECK(realm() == R"(Bearer realm="https://hub.test/auth/token")");
}

TEST_CASE_TEMPLATE("Tokens: without anything public, auto asks for a password", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping({{"user:alice", "**", "pull"}}, Challenge::kAuto);
  Driver api(gatekeeping.setup());
  CHECK(api.ask(get("/v2/")).header("WWW-Authenticate") == "Basic realm=\"Shale\"");
  CHECK(api.ask(get("/v2/_catalog")).status == 401);
}

TEST_CASE_TEMPLATE("Tokens: login, push and pull as docker does", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules(), Challenge::kBearer);
  Driver api(gatekeeping.setup());
  CHECK(api.ask(bearing(
                    token_of(api.ask(as("alice", get("/auth/token?account=alice&client_id="
                                                     "docker&offline_token=true&service=shale")))),
                    get("/v2/")))
            .status == 200);

  const string push = token_for(api, "alice", "repository%3Ateam-a%2Fapp%3Apull%2Cpush");
  const string body = R"({"schemaVersion":2,"manifests":[]})";
  CHECK(api.ask(bearing(push, sized("PUT", manifest_url("team-a/app", "v1"), body,
                                    {"Content-Type: application/vnd.oci.image.index.v1+json"})))
            .status == 201);
  const string pull = token_for(api, "bob", "repository:team-a/app:pull");
  const auto answer = api.ask(bearing(pull, get(manifest_url("team-a/app", "v1"))));
  CHECK(answer.status == 200);
  CHECK(answer.body == body);
  CHECK(api.log_line(answer).find(R"("user":"bob")") != string::npos);
}

TEST_CASE_TEMPLATE("Tokens: the answer has what every client reads", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const auto answer = api.ask(
      as("alice", get("/auth/token?scope=repository:team-a/app:pull,push,delete&scope=repository:"
                      "team-b/x:pull+repository:public/y:pull")));
  const Json json = Json::parse(answer.body);
  CHECK(json["token"] == json["access_token"]);
  CHECK(json["expires_in"] == 300);
  CHECK(json["issued_at"] == "2023-11-14T22:13:20Z");
  CHECK(json["scope"] == "repository:team-a/app:pull,push,delete repository:public/y:pull");
  CHECK_FALSE(json.contains("refresh_token"));
  CHECK(answer.header("Cache-Control") == "no-store");
  CHECK(answer.header("Content-Type") == "application/json");
}

TEST_CASE_TEMPLATE("Tokens: who is not logged in gets what is public, and no more", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules(), Challenge::kAuto);
  Driver api(gatekeeping.setup());
  push_image_as(api, "olga", "public/app", "v1", "one");
  push_image_as(api, "olga", "team-a/app", "v1", "one");
  const string token =
      token_for(api, "", "repository:public/app:pull,push&scope=repository:team-a/app:pull");
  CHECK(api.ask(bearing(token, get("/v2/"))).status == 200);
  CHECK(api.ask(bearing(token, get(manifest_url("public/app", "v1")))).status == 200);
  const auto refused = api.ask(bearing(token, get(manifest_url("team-a/app", "v1"))));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") ==
        kRealm + R"(,scope="repository:team-a/app:pull",error="insufficient_scope")");
  CHECK(refused.body.find("this needs a login") != string::npos);
  CHECK(api.ask(bearing(token, del(manifest_url("public/app", "v1")))).status == 401);
}

TEST_CASE_TEMPLATE("Tokens: who is logged in does not read that a login is missing", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const string token = token_for(api, "alice", "repository:team-b/app:pull");
  for (const string& target : {manifest_url("team-b/app", "v1"), string("/v2/_catalog")}) {
    const auto refused = api.ask(bearing(token, get(target)));
    CHECK(refused.status == 401);
    CHECK(refused.body.find("this login may not do that here") != string::npos);
  }
}

TEST_CASE_TEMPLATE("Tokens: one that is bad says so", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const string token = token_for(api, "alice", "repository:team-a/app:pull");
  for (const string& bad :
       {string("x"), string("a.b.c"), token + "A", token.substr(1), string(20'000, 'A')}) {
    const auto answer = api.ask(bearing(bad, get("/v2/")));
    CHECK(answer.status == 401);
    CHECK(answer.header("WWW-Authenticate") == kRealm + R"(,error="invalid_token")");
    CHECK(api.log_line(answer).find(bad.substr(0, 12) + '"') == string::npos);
  }
  CHECK(api.ask(bearing(token, get("/v2/"))).status == 200);
  gatekeeping.clock.advance(std::chrono::minutes(6));
  const auto expired = api.ask(bearing(token, get("/v2/")));
  CHECK(expired.header("WWW-Authenticate") == kRealm + R"(,error="invalid_token")");
}

TEST_CASE_TEMPLATE("Tokens: what they grant ends with the policy and with the password", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  push_image_as(api, "olga", "team-a/app", "v1", "one");
  const string token = token_for(api, "alice", "repository:team-a/app:pull");
  const string request = bearing(token, get(manifest_url("team-a/app", "v1")));
  CHECK(api.ask(request).status == 200);
  gatekeeping.guard.replace_policy(std::make_shared<const auth::AccessPolicy>());
  CHECK(api.ask(request).status == 403);
  gatekeeping.guard.replace_policy(
      std::make_shared<const auth::AccessPolicy>(auth::AccessPolicy::for_everybody_known()));
  CHECK(api.ask(request).status == 200);
  gatekeeping.users.version = 2;
  CHECK(api.ask(request).status == 401);
}

TEST_CASE_TEMPLATE("Tokens: while the source of users fails they are 503, and good afterwards",
                   Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const WireResponse login = api.ask(form(
      "grant_type=password&username=alice&password=alice-secret&access_type=offline&service=x"));
  const string refresh = Json::parse(login.body)["refresh_token"];
  const string with_token = bearing(token_of(login), get("/v2/"));
  const string with_refresh = form("grant_type=refresh_token&refresh_token=" + refresh);
  gatekeeping.users.broken = true;
  for (const string& request : {with_token, with_refresh}) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 503);
    CHECK(wire_codes(answer) == "UNAVAILABLE");
    CHECK_FALSE(answer.header("Retry-After").empty());
    CHECK(answer.header("WWW-Authenticate").empty());
    CHECK(api.log_line(answer).find("the directory is away") != string::npos);
  }
  gatekeeping.users.broken = false;
  for (const string& request : {with_token, with_refresh})
    CHECK(api.ask(request).status == 200);
}

TEST_CASE_TEMPLATE("Tokens: the catalog and mounts need their own scopes", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  push_image_as(api, "olga", "team-a/app", "v1", "one");
  const Digest digest = push_blob_as(api, "olga", "public/base", "a layer");
  const auto catalog =
      api.ask(bearing(token_for(api, "bob", "repository:team-a/app:pull"), get("/v2/_catalog")));
  CHECK(catalog.header("WWW-Authenticate") ==
        kRealm + R"(,scope="registry:catalog:*",error="insufficient_scope")");
  CHECK(api.ask(bearing(token_for(api, "bob", "registry:catalog:*"), get("/v2/_catalog"))).body ==
        R"({"repositories":["public/base","team-a/app"]})");
  const string mount = post("/v2/team-a/app/blobs/uploads/?from=public/base&mount=" + digest.str());
  const string one = "repository:team-a/app:pull,push";
  const auto refused = api.ask(bearing(token_for(api, "alice", one), mount));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") ==
        kRealm + R"(,scope="repository:team-a/app:pull,push repository:public/base:pull",)" +
            R"(error="insufficient_scope")");
  const string both = one + "&scope=repository:public/base:pull";
  CHECK(api.ask(bearing(token_for(api, "alice", both), mount)).status == 201);
}

TEST_CASE_TEMPLATE("Tokens: a mount without the scope tells nothing of what is not theirs", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Digest secret = push_blob_as(api, "olga", "team-b/app", "a secret");
  const Digest own = push_blob_as(api, "olga", "team-a/app", "a layer");
  const string token = token_for(api, "alice", "repository:team-a/app:push");
  const auto status = [&](const string& query) {
    return api.ask(bearing(token, post("/v2/team-a/app/blobs/uploads/?" + query))).status;
  };
  for (const string from : {"team-b/app", "team-b/none"}) {
    CHECK(status("mount=" + secret.str() + "&from=" + from) == 202);
  }
  // What is not there is asked for like what is.
  CHECK(status("mount=" + secret.str() + "&from=public/none") == 401);
  CHECK(status("mount=" + own.str() + "&from=team-a/app") == 201);
  CHECK(status("mount=" + secret.str()) == 202);
  CHECK(status("from=public/none") == 202);
  CHECK(status("mount=" + secret.str() + "&from=a%22b") == 400);
  const string mount = post("/v2/team-a/app/blobs/uploads/?from=public/none&mount=" + secret.str());
  CHECK(api.ask(as("alice", mount)).status == 202);
}

TEST_CASE_TEMPLATE("Tokens: OAuth2's grants", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const auto first = api.ask(
      form("grant_type=password&service=shale&client_id=x&username=alice&password=alice-secret"
           "&access_type=offline&scope=repository%3Ateam-a%2Fapp%3Apull%2Cpush+repository:b:pull"));
  REQUIRE(first.status == 200);
  const Json json = Json::parse(first.body);
  CHECK(json["scope"] == "repository:team-a/app:pull,push");
  const string refresh = json["refresh_token"];
  const auto second =
      api.ask(form("grant_type=refresh_token&service=shale&client_id=x&scope="
                   "repository:team-a/x:pull&refresh_token=" +
                   refresh));
  CHECK(Json::parse(second.body)["scope"] == "repository:team-a/x:pull");
  CHECK(api.ask(bearing(token_of(second), get("/v2/"))).status == 200);
  CHECK(api.ask(bearing(refresh, get("/v2/"))).status == 401);

  const auto wrong = api.ask(form("grant_type=password&username=alice&password=guess"));
  CHECK(wrong.status == 401);
  CHECK(wrong.header("WWW-Authenticate") == "Basic realm=\"Shale\"");
  CHECK(api.ask(form("grant_type=refresh_token&refresh_token=" + token_of(second))).status == 401);
  for (const string& bad : {string(), string("grant_type=client_credentials"), string("%zz"),
                            string("grant_type=%00")}) {
    CHECK(api.ask(form(bad)).status == 400);
  }
  CHECK(api.ask(form(string(70'000, 'a'))).status == 413);
  gatekeeping.users.version = 2;
  CHECK(api.ask(form("grant_type=refresh_token&refresh_token=" + refresh)).status == 401);
}

TEST_CASE_TEMPLATE("Tokens: none for a token, and none without authentication", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  CHECK(api.ask(bearing(token_for(api, "alice", "x"), get("/auth/token"))).status == 401);
  const Json keys = Json::parse(api.ask(get("/auth/keys")).body);
  CHECK(keys["keys"][0]["alg"] == "ES256");
  CHECK_FALSE(keys["keys"][0].contains("d"));

  Driver open;
  CHECK(open.ask(get("/auth/token")).status == 404);
  CHECK(open.ask(get("/auth/keys")).status == 404);
  CHECK(open.ask(authorized("Basic %%%", get("/v2/"))).status == 200);
}

TEST_CASE("Tokens: whoever sends many bad ones has few of them verified at a time") {
  Gatekeeping gatekeeping(team_rules(), Challenge::kBearer);
  http::Request request;
  request.peer.address = "192.0.2.1";
  request.headers.add("Authorization", "Bearer a.b.c");
  using api::Guard;
  const auto recall = [&] { return gatekeeping.guard.recall(request); };
  for (int i = 0; i < 30; ++i) {
    REQUIRE(std::holds_alternative<Guard::Unverified>(recall()));
    gatekeeping.guard.verify(request);
  }
  const auto first = recall();
  const auto second = recall();
  CHECK(std::holds_alternative<Guard::Unverified>(first));
  CHECK(std::holds_alternative<Guard::Unverified>(second));
  const auto third = recall();
  REQUIRE(std::holds_alternative<http::Response>(third));
  CHECK(std::get<http::Response>(third).status == 429);
  CHECK(std::get<http::Response>(third).headers.find("Retry-After") == "1");

  request.peer.address = "192.0.2.2";
  CHECK(std::holds_alternative<Guard::Unverified>(recall()));
}

}  // namespace
}  // namespace shale::testing
