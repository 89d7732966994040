#include "auth/external_tokens.h"

#include <fstream>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"
#include "tests/support/bytes.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

const string kRealm = R"(Bearer realm="https://auth.test/token",service="registry")";
const string kBody = R"({"schemaVersion":2,"manifests":[]})";
const string kOther = R"({"schemaVersion":2,"manifests":[],"annotations":{"a":"b"}})";

/// Another service, which issues what the test wants.
struct Elsewhere {
  TemporaryDirectory directory;
  auth::SigningKey key = auth::SigningKey::make();

  std::unique_ptr<auth::ExternalTokens> reader() const {
    const string path = (directory / "jwks").string();
    std::ofstream(path) << R"({"keys":[)" << key.jwk() << "]}";
    auto opened = auth::ExternalTokens::open(
        {.issuer = "issuer", .service = "registry", .certificates = {}, .jwks = path},
        [](const string&) {});
    REQUIRE(std::holds_alternative<std::unique_ptr<auth::ExternalTokens>>(opened));
    return std::get<std::unique_ptr<auth::ExternalTokens>>(std::move(opened));
  }

  string token(const string& user, const string& scopes) const {
    Json claims{{"iss", "issuer"},      {"aud", "registry"},    {"sub", user},
                {"iat", 1'700'000'000}, {"exp", 1'700'000'300}, {"access", Json::array()}};
    for (const auth::Grant& grant : auth::parse_scopes(scopes)) {
      claims["access"].push_back(
          {{"type", grant.type}, {"name", grant.name}, {"actions", grant.actions}});
    }
    const Json header{{"alg", "ES256"}, {"kid", key.id()}};
    const string message =
        auth::encode_base64url(header.dump()) + '.' + auth::encode_base64url(claims.dump());
    return message + '.' + auth::encode_base64url(key.sign(message));
  }
  string bearing(const string& user, const string& scopes, const string& request) const {
    return authorized("Bearer " + token(user, scopes), request);
  }
};

string push(const string& repository, const string& tag, const string& body) {
  return sized("PUT", manifest_url(repository, tag), body,
               {"Content-Type: application/vnd.oci.image.index.v1+json"});
}

TEST_CASE_TEMPLATE("External tokens: every challenge points to their realm", Driver, API_DRIVERS) {
  const Elsewhere elsewhere;
  Gatekeeping gatekeeping(std::nullopt, elsewhere.reader(), false);
  Driver api(gatekeeping.setup());
  const auto challenge = [&](const string& request) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 401);
    return answer.header("WWW-Authenticate");
  };
  CHECK(challenge(get("/v2/")) == kRealm);
  CHECK(challenge(get("/v2/team-a/app/tags/list")) ==
        kRealm + R"(,scope="repository:team-a/app:pull")");
  CHECK(challenge(get("/v2/_catalog")) == kRealm + R"(,scope="registry:catalog:*")");
  CHECK(challenge(push("team-a/app", "v1", kBody)) ==
        kRealm + R"(,scope="repository:team-a/app:pull,push")");
  CHECK(challenge(authorized("Bearer x", get("/v2/"))) == kRealm + R"(,error="invalid_token")");
  CHECK(challenge(authorized(basic("mallory", "guess"), get("/v2/"))) == kRealm);
  for (const char* path : {"/auth/token", "/auth/keys"})
    CHECK(api.ask(get(path)).status == 404);
  CHECK(api.ask(sized("POST", "/auth/revoke", "token=x")).status == 404);
  CHECK(api.ask(sized("POST", "/auth/token", "grant_type=password")).status == 404);
}

TEST_CASE_TEMPLATE("External tokens: without a policy they alone decide", Driver, API_DRIVERS) {
  const Elsewhere elsewhere;
  Gatekeeping gatekeeping(std::nullopt, elsewhere.reader(), false);
  Driver api(gatekeeping.setup());
  const auto ask = [&](const string& scopes, const string& request) {
    return api.ask(elsewhere.bearing("zoe", scopes, request));
  };
  const string both = "repository:team-a/app:pull,push";
  CHECK(ask("", get("/v2/")).status == 200);
  const auto pushed = ask(both, push("team-a/app", "v1", kBody));
  CHECK(pushed.status == 201);
  CHECK(api.log_line(pushed).find(R"("user":"zoe")") != string::npos);
  CHECK(ask(both, push("team-a/app", "v1", kOther)).status == 201);  // which moves the tag
  CHECK(ask("repository:team-a/app:pull", get(manifest_url("team-a/app", "v1"))).body == kOther);
  const auto refused = ask("repository:team-a/app:pull", push("team-a/app", "v2", kBody));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") ==
        kRealm + R"(,scope="repository:team-a/app:pull,push",error="insufficient_scope")");
  CHECK(ask(both, get(manifest_url("team-b/app", "v1"))).status == 401);
  CHECK(ask(both, del(manifest_url("team-a/app", "v1"))).status == 401);
  CHECK(ask(both, get("/v2/_catalog")).status == 401);
  CHECK(ask("registry:catalog:*", get("/v2/_catalog")).body ==
        R"({"repositories":["team-a/app"]})");
  CHECK(api.ask(elsewhere.bearing("", "repository:team-a/app:pull",
                                  get(manifest_url("team-a/app", "v1"))))
            .status == 200);
  CHECK(ask("repository:team-a/app:*", del(manifest_url("team-a/app", "v1"))).status == 202);
  // They administer nothing.
  CHECK(ask("repository:team-a/app:*", get("/api/v1/robots")).status == 401);
}

TEST_CASE_TEMPLATE("External tokens: a policy takes from what they grant", Driver, API_DRIVERS) {
  const Elsewhere elsewhere;
  Gatekeeping gatekeeping(team_rules(), elsewhere.reader(), false);
  Driver api(gatekeeping.setup());
  const auto status = [&](const string& user, const string& scopes, const string& request) {
    return api.ask(elsewhere.bearing(user, scopes, request)).status;
  };
  const string all = "repository:team-a/app:pull,push,delete";
  CHECK(status("pat", all, push("team-a/app", "v1", kBody)) == 201);
  CHECK(status("pat", all, push("team-a/app", "v1", kOther)) == 403);
  CHECK(status("alice", all, push("team-a/app", "v1", kOther)) == 201);
  CHECK(status("bob", all, push("team-a/app", "v2", kBody)) == 403);
  CHECK(status("bob", all, get(manifest_url("team-a/app", "v1"))) == 200);
  CHECK(status("zoe", all, get(manifest_url("team-a/app", "v1"))) == 403);
  CHECK(status("pat", all, del(manifest_url("team-a/app", "v1"))) == 403);
  CHECK(status("alice", "repository:team-a/app:pull", push("team-a/app", "v3", kBody)) == 401);
  CHECK(api.ask(get(manifest_url("public/app", "v1"))).status == 404);
}

TEST_CASE_TEMPLATE("External tokens: a mount that they do not grant becomes an upload", Driver,
                   API_DRIVERS) {
  const Elsewhere elsewhere;
  Gatekeeping gatekeeping(std::nullopt, elsewhere.reader(), true);
  Driver api(gatekeeping.setup());
  const Digest digest = push_blob_as(api, "alice", "team-b/app", "a layer");
  const string mount = post("/v2/team-a/app/blobs/uploads/?from=team-b/app&mount=" + digest.str());
  const string one = "repository:team-a/app:pull,push";
  CHECK(api.ask(elsewhere.bearing("zoe", one, mount)).status == 202);
  CHECK(api.ask(elsewhere.bearing("zoe", one + " repository:team-b/app:pull", mount)).status ==
        201);
}

TEST_CASE_TEMPLATE("External tokens: beside them, users have passwords and tokens of ours", Driver,
                   API_DRIVERS) {
  const Elsewhere elsewhere;
  Gatekeeping gatekeeping(std::nullopt, elsewhere.reader(), true);
  Driver api(gatekeeping.setup());
  CHECK(api.ask(as("alice", get("/v2/"))).status == 200);
  const auto issued = api.ask(as("alice", get("/auth/token?scope=repository:team-a/app:pull")));
  REQUIRE(issued.status == 200);
  const string token = Json::parse(issued.body)["token"];
  CHECK(api.ask(authorized("Bearer " + token, get("/v2/"))).status == 200);
  CHECK(api.ask(elsewhere.bearing("zoe", "", get("/v2/"))).status == 200);
  const auto wrong = api.ask(authorized(basic("alice", "guess"), get("/auth/token")));
  CHECK(wrong.header("WWW-Authenticate") == "Basic realm=\"Shale\"");
  // None of ours for one of theirs.
  CHECK(api.ask(elsewhere.bearing("zoe", "", get("/auth/token"))).status == 401);
}

}  // namespace
}  // namespace shale::testing
