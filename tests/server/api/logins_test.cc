#include <map>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;
using Logins = std::map<string, int>;

string form(const string& body) {
  return sized("POST", "/auth/token", body, {"Content-Type: application/x-www-form-urlencoded"});
}

string refreshing(const string& token) {
  return form("grant_type=refresh_token&refresh_token=" + token);
}

string bearing(const string& token) {
  return authorized("Bearer " + token, get("/v2/"));
}

/// What alice gets for her password.
struct Tokens {
  explicit Tokens(Client& api) {
    const auto answer = api.ask(
        form("grant_type=password&username=alice&password=alice-secret&access_type=offline"));
    REQUIRE(answer.status == 200);
    const Json json = Json::parse(answer.body);
    access = json["token"];
    refresh = json["refresh_token"];
  }
  string access;
  string refresh;
};

TEST_CASE_TEMPLATE("Logins: those that are good are counted by who it was, and once", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  for (int i = 0; i < 3; ++i) {  // remembered after the first time
    CHECK(api.ask(as("alice", get("/v2/"))).status == 200);
    CHECK(api.ask(as("ci", get("/v2/"))).status == 200);
  }
  CHECK(gatekeeping.logins() == Logins{{"user accepted", 1}, {"robot accepted", 1}});
}

TEST_CASE_TEMPLATE("Logins: those with tokens are counted by the kind of token", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Tokens tokens(api);
  CHECK(api.ask(bearing(tokens.access)).status == 200);
  CHECK(api.ask(refreshing(tokens.refresh)).status == 200);
  CHECK(api.ask(bearing("a.b.c")).status == 401);
  CHECK(api.ask(refreshing("a.b.c")).status == 401);
  CHECK(gatekeeping.logins() == Logins{{"user accepted", 1},
                                       {"token accepted", 1},
                                       {"token rejected", 1},
                                       {"refresh_token accepted", 1},
                                       {"refresh_token rejected", 1}});
}

TEST_CASE_TEMPLATE("Logins: where nobody can tell, they are counted by what they came with", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const Tokens tokens(api);
  gatekeeping.users.broken = true;
  for (const string& request :
       {as("bob", get("/v2/")), bearing(tokens.access), refreshing(tokens.refresh)}) {
    CHECK(api.ask(request).status == 503);
  }
  CHECK(gatekeeping.logins() == Logins{{"user accepted", 1},
                                       {"password failed", 1},
                                       {"token failed", 1},
                                       {"refresh_token failed", 1}});
}

TEST_CASE_TEMPLATE("Logins: passwords that are slowed down are counted, each time", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  const string guess = authorized(basic("alice", "guess"), get("/v2/"));
  for (int i = 0; i < 5; ++i)
    CHECK(api.ask(guess).status == 401);
  for (int i = 0; i < 2; ++i)
    CHECK(api.ask(guess).status == 429);
  CHECK(api.ask(form("grant_type=password&username=alice&password=guess")).status == 429);
  CHECK(gatekeeping.logins() == Logins{{"password rejected", 5}, {"password slowed_down", 3}});
}

TEST_CASE("Logins: tokens that are slowed down are counted by the kind of token") {
  Gatekeeping gatekeeping(team_rules());
  InProcess api(gatekeeping.setup());
  for (int i = 0; i < 30; ++i)
    CHECK(api.ask(bearing("a.b.c")).status == 401);
  http::Request request;
  request.peer.address = "127.0.0.1";
  request.headers.add("Authorization", "Bearer a.b.c");
  const auto first = gatekeeping.guard.recall(request);
  const auto second = gatekeeping.guard.recall(request);
  CHECK(api.ask(bearing("a.b.c")).status == 429);
  CHECK(api.ask(refreshing("a.b.c")).status == 429);
  CHECK(gatekeeping.logins() ==
        Logins{{"token rejected", 30}, {"token slowed_down", 1}, {"refresh_token slowed_down", 1}});
}

}  // namespace
}  // namespace shale::testing
