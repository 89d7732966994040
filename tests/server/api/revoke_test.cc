#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

struct Login {
  string token;
  string refresh;
};

Login log_in(Client& api, const string& user) {
  const auto answer = api.ask(as(user, get("/auth/token?service=shale&offline_token=true")));
  REQUIRE(answer.status == 200);
  const Json json = Json::parse(answer.body);
  return {json["token"], json["refresh_token"]};
}

string form(const string& path, const string& body) {
  return sized("POST", path, body, {"Content-Type: application/x-www-form-urlencoded"});
}

int with_refresh(Client& api, const string& token) {
  return api.ask(form("/auth/token", "grant_type=refresh_token&refresh_token=" + token)).status;
}
int with_token(Client& api, const string& token) {
  return api.ask(authorized("Bearer " + token, get("/v2/"))).status;
}

string revoke_all(const string& body) {
  return sized("POST", "/api/v1/tokens/revoke", body, {"Content-Type: application/json"});
}

TEST_CASE_TEMPLATE("Revoke: whoever has a token may end it, and that one alone", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Login one = log_in(api, "alice");
  const Login two = log_in(api, "alice");
  CHECK(with_refresh(api, one.refresh) == 200);
  const auto answer =
      api.ask(form("/auth/revoke", "token_type_hint=refresh_token&token=" + one.refresh));
  CHECK(answer.status == 200);
  CHECK(answer.header("Cache-Control") == "no-store");
  CHECK(api.log_line(answer).find(one.refresh.substr(0, 40)) == string::npos);
  CHECK(with_refresh(api, one.refresh) == 401);
  CHECK(with_refresh(api, two.refresh) == 200);
  CHECK(with_token(api, one.token) == 200);
  CHECK(with_token(api, one.token) == 200);
  CHECK(api.ask(form("/auth/revoke", "token=" + one.token)).status == 200);
  CHECK(with_token(api, one.token) == 401);
  CHECK(with_token(api, two.token) == 200);
}

TEST_CASE_TEMPLATE("Revoke: what is no token has ended already, what is no form is an error",
                   Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  for (const string& none : {string("x"), string("a.b.c"), string(20'000, 'A')})
    CHECK(api.ask(form("/auth/revoke", "token=" + none)).status == 200);
  for (const string& bad : {string(), string("token="), string("refresh_token=x"), string("%zz")})
    CHECK(api.ask(form("/auth/revoke", bad)).status == 400);
  CHECK(api.ask(form("/auth/revoke", string(70'000, 'a'))).status == 413);
  CHECK(api.ask(get("/auth/revoke")).status == 405);
  Driver open;
  CHECK(open.ask(form("/auth/revoke", "token=x")).status == 404);
  CHECK(open.ask(revoke_all(R"({"user":"bob"})")).status == 404);
}

TEST_CASE_TEMPLATE("Revoke: who administers all ends the tokens of others", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Login alice = log_in(api, "alice");
  const Login bob = log_in(api, "bob");
  CHECK(with_token(api, alice.token) == 200);
  CHECK(api.ask(as("bob", revoke_all(R"({"user":"alice"})"))).status == 403);
  CHECK(api.ask(as("alice", revoke_all(R"({"user":"bob"})"))).status == 403);
  CHECK(api.ask(authorized("Bearer " + alice.token, revoke_all(R"({"user":"bob"})"))).status ==
        401);
  CHECK(with_token(api, alice.token) == 200);

  CHECK(api.ask(as("olga", revoke_all(R"({"user":"alice"})"))).status == 204);
  CHECK(with_token(api, alice.token) == 401);
  CHECK(with_refresh(api, alice.refresh) == 401);
  CHECK(with_token(api, bob.token) == 200);
  CHECK(with_refresh(api, bob.refresh) == 200);
  // A password is not revoked, and what is got for it now holds.
  const Login again = log_in(api, "alice");
  CHECK(with_token(api, again.token) == 200);
  CHECK(with_refresh(api, again.refresh) == 200);

  CHECK(api.ask(as("olga", revoke_all(R"({"robot":"nobody"})"))).status == 204);
  for (const char* bad : {"", "{}", "[]", R"({"user":1})", R"({"user":""})", R"({"user":"a:b"})",
                          R"({"user":"alice","robot":"x"})", R"({"group":"all"})", "{"}) {
    CHECK(api.ask(as("olga", revoke_all(bad))).status == 400);
  }
  CHECK(api.ask(as("olga", form("/api/v1/tokens/revoke", R"({"user":"alice"})"))).status == 415);
}

}  // namespace
}  // namespace shale::testing
