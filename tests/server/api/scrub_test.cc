#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

string scrub_url() {
  return "/api/v1/scrub";
}

TEST_CASE_TEMPLATE("Scrub: one is taken at a time", Driver, API_DRIVERS) {
  Driver api;
  const Json before = Json::parse(api.ask(get(scrub_url())).body);
  CHECK(before["running"] == false);
  CHECK(before["quarantined"] == 0);
  CHECK_FALSE(before.contains("found"));

  // Nobody here takes it up, so it waits.
  api.expect(
      {{sized("POST", scrub_url(), R"({"rate": 1048576})", {"Content-Type: application/json"}),
        202}});
  CHECK(Json::parse(api.ask(get(scrub_url())).body)["running"] == true);
  api.expect(
      {{sized("POST", scrub_url(), "{}", {"Content-Type: application/json"}), 409, "DENIED"}});
}

TEST_CASE_TEMPLATE("Scrub: what says something else is told what to say", Driver, API_DRIVERS) {
  Driver api;
  for (const char* body : {"[]", "{", R"({"rate": -1})", R"({"rate": "fast"})", R"({"rate": 1.5})",
                           R"({"speed": 1})", R"({"rate": 1, "then": true})", "5"}) {
    CAPTURE(body);
    api.expect({{sized("POST", scrub_url(), body, {"Content-Type: application/json"}), 400,
                 "UNSUPPORTED"}});
  }
  api.expect(
      {{sized("POST", scrub_url(), "rate=1", {"Content-Type: application/x-www-form-urlencoded"}),
        415, "UNSUPPORTED"},
       {del(scrub_url()), 405, "UNSUPPORTED"}});
  CHECK(Json::parse(api.ask(get(scrub_url())).body)["running"] == false);
}

}  // namespace
}  // namespace shale::testing
