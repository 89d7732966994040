#include <doctest/doctest.h>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

TEST_CASE_TEMPLATE("Catalog: shows what the caller may pull, to each their own", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  for (const char* name : {"public/a", "team-a/x", "team-a/y", "team-b/z"})
    push_image_as(api, "olga", name, "v1", "one");

  const auto catalog = [&](const string& user) {
    const string request = get("/v2/_catalog");
    return api.ask(user.empty() ? request : as(user, request)).body;
  };
  for (int twice = 0; twice < 2; ++twice) {
    CHECK(catalog("olga") == R"({"repositories":["public/a","team-a/x","team-a/y","team-b/z"]})");
    CHECK(catalog("bob") == R"({"repositories":["public/a","team-a/x","team-a/y"]})");
    CHECK(catalog("carol") == R"({"repositories":["public/a"]})");
    CHECK(catalog("") == R"({"repositories":["public/a"]})");
  }
}

TEST_CASE_TEMPLATE("Catalog: pages are full, and no link names what is hidden", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  for (const char* name : {"a/hidden", "public/a", "public/b", "q/hidden", "team-a/x", "z/hidden"})
    push_image_as(api, "olga", name, "v1", "one");
  const auto first = api.ask(as("bob", get("/v2/_catalog?n=2")));
  CHECK(first.body == R"({"repositories":["public/a","public/b"]})");
  CHECK(first.header("Link") == R"(</v2/_catalog?last=public%2Fb&n=2>; rel="next")");
  const auto second = api.ask(as("bob", get("/v2/_catalog?last=public%2Fb&n=2")));
  CHECK(second.body == R"({"repositories":["team-a/x"]})");
  CHECK(second.header("Link").empty());
  const auto none = api.ask(as("bob", get("/v2/_catalog?n=0")));
  CHECK(none.body == R"({"repositories":[]})");
}

TEST_CASE_TEMPLATE("Catalog: lists of one repository are kept for those who may pull it alone",
                   Driver, API_DRIVERS) {
  Gatekeeping gatekeeping(team_rules());
  Driver api(gatekeeping.setup());
  push_image_as(api, "olga", "team-a/x", "v1", "one");
  const string tags = get("/v2/team-a/x/tags/list");
  CHECK(api.ask(as("alice", tags)).status == 200);
  CHECK(api.ask(as("alice", tags)).status == 200);
  CHECK(api.ask(as("bob", tags)).status == 200);
  CHECK(api.ask(as("carol", tags)).status == 403);
  CHECK(api.ask(tags).status == 401);
}

}  // namespace
}  // namespace shale::testing
