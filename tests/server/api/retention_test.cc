#include <chrono>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

string run_of(const string& body) {
  return sized("POST", "/api/v1/retention/run", body, {"Content-Type: application/json"});
}

TEST_CASE_TEMPLATE("Retention: it runs where the caller administers, and nowhere else", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping{team_rules()};
  Driver api{gatekeeping.setup()};
  CHECK(api.ask(as("alice", run_of(R"({"repository":"team-a/**","dry_run":true})"))).status == 200);
  CHECK(api.ask(as("alice", run_of(R"({"repository":"**","dry_run":true})"))).status == 403);
  CHECK(api.ask(as("olga", run_of(R"({"repository":"**"})"))).status == 200);
}

TEST_CASE_TEMPLATE("Retention: a wish that is wrong is refused with words", Driver, API_DRIVERS) {
  Gatekeeping gatekeeping{team_rules()};
  Driver api{gatekeeping.setup()};
  for (const char* body : {"", "[]", "{}", R"({"repository":5})", R"({"repository":"A"})",
                           R"({"repository":"a","dry_run":1})", R"({"repository":"a","after":1})",
                           R"({"repository":"a","dryrun":true})"}) {
    CAPTURE(body);
    CHECK(api.ask(as("olga", run_of(body))).status == 400);
  }
  CHECK(api.ask(as("olga", sized("POST", "/api/v1/retention/run", "{}", {}))).status == 415);
}

TEST_CASE_TEMPLATE("Retention: without rules nothing is looked at", Driver, API_DRIVERS) {
  Driver api;
  const auto answer = api.ask(run_of(R"({"repository":"**"})"));
  REQUIRE(answer.status == 200);
  const Json json = Json::parse(answer.body);
  CHECK(json["repositories"].empty());
  CHECK(json["next"].is_null());
  CHECK(Json::parse(api.ask(get("/api/v1/rules")).body)["rules"].empty());
}

}  // namespace
}  // namespace shale::testing
