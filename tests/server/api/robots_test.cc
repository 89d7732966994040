#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;
using Json = nlohmann::json;

const string kRobots = "/api/v1/robots";

string wish(const string& json) {
  return sized("POST", kRobots, json, {"Content-Type: application/json"});
}

string wish(const string& name, const string& where, const string& more = "") {
  return wish(R"({"name":")" + name + R"(","permissions":[{"actions":["pull","push"],)" +
              R"("repositories":[")" + where + R"("]}])" + more + "}");
}

string as_robot(const Json& robot, std::string_view request) {
  return authorized(basic(robot["login"].get<string>(), robot["secret"].get<string>()), request);
}

template <class Driver>
struct House {
  Json make(const string& user, const string& request) {
    const auto answer = api.ask(as(user, request));
    CHECK(answer.status == 201);
    CHECK(answer.header("Cache-Control") == "no-store");
    return Json::parse(answer.body);
  }
  Json list(const string& user) { return Json::parse(api.ask(as(user, get(kRobots))).body); }

  Gatekeeping gatekeeping{team_rules()};
  Driver api{gatekeeping.setup()};
};

TEST_CASE_TEMPLATE("Robots: one that was made may do what it is for, and nothing else", Driver,
                   API_DRIVERS) {
  House<Driver> house;
  const Json robot = house.make("alice", wish("ci-a", "team-a/**", R"(,"description":"builds")"));
  CHECK(robot["login"] == "robot+ci-a");
  CHECK(robot["created_by"] == "alice");
  CHECK(robot["description"] == "builds");
  CHECK(robot["expires"].is_null());
  const auto push = [&](const string& repository) {
    return as_robot(robot, post("/v2/" + repository + "/blobs/uploads/"));
  };
  CHECK(house.api.ask(push("team-a/app")).status == 202);
  CHECK(house.api.ask(push("team-b/app")).status == 403);
  CHECK(house.api.ask(as_robot(robot, get("/v2/public/app/tags/list"))).status == 403);
  CHECK(house.api.ask(as_robot(robot, get(kRobots))).status == 403);
  CHECK(house.api.ask(authorized(basic("robot+ci-a", "shale_guess"), get("/v2/"))).status == 401);
}

TEST_CASE_TEMPLATE("Robots: the secret is in the answer that makes it, and in no other", Driver,
                   API_DRIVERS) {
  House<Driver> house;
  const Json robot = house.make("alice", wish("ci-a", "team-a/**"));
  const string secret = robot["secret"];
  CHECK(secret.starts_with("shale_"));
  for (const string& path : {kRobots, kRobots + "/ci-a"}) {
    const auto answer = house.api.ask(as("alice", get(path)));
    CHECK(answer.status == 200);
    CHECK(answer.body.find("ci-a") != string::npos);
    CHECK(answer.body.find("secret") == string::npos);
    CHECK(answer.body.find(secret) == string::npos);
  }
}

TEST_CASE_TEMPLATE("Robots: whoever does not administer all that it is for sees none", Driver,
                   API_DRIVERS) {
  House<Driver> house;
  house.make("olga", wish("wide", "**"));
  house.make("olga", wish("ci-a", "team-a/**"));
  CHECK(house.list("olga")["robots"].size() == 2);
  CHECK(house.list("alice")["robots"].size() == 1);
  house.api.expect({
      {as("alice", get(kRobots + "/wide")), 404, "ROBOT_UNKNOWN"},
      {as("alice", del(kRobots + "/wide")), 404, "ROBOT_UNKNOWN"},
      {as("alice", post(kRobots + "/wide/secret")), 404, "ROBOT_UNKNOWN"},
      {as("alice", wish("mine", "**")), 403, "DENIED"},
      {as("alice", wish("mine", "team-b/**")), 403, "DENIED"},
      {as("alice", wish("mine", "team-*/**")), 403, "DENIED"},
      {as("bob", wish("mine", "team-a/**")), 403, "DENIED"},
      {as("alice", wish("wide", "team-a/**")), 409, "ROBOT_EXISTS"},
      {as("alice", del(kRobots + "/ci-a")), 204},
      {as("alice", del(kRobots + "/ci-a")), 404, "ROBOT_UNKNOWN"},
  });
}

TEST_CASE_TEMPLATE("Robots: a wish that makes no sense is refused with what is wrong", Driver,
                   API_DRIVERS) {
  House<Driver> house;
  const string good = R"("permissions":[{"actions":["pull"],"repositories":["team-a/**"]}])";
  const std::pair<string, std::string_view> rows[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"name":"x")", "no JSON object"},
      {"{" + good + "}", "`name` must be there"},
      {R"({"name":7,)" + good + "}", "`name` must be there"},
      {R"({"name":"A",)" + good + "}", "a robot's name has 1 to 64"},
      {R"({"name":"x"})", "`permissions` must be a list"},
      {R"({"name":"x","permissions":[]})", "`permissions` must be a list"},
      {R"({"name":"x","permissions":[{"actions":["pull"]}]})", "a permission needs"},
      {R"({"name":"x","permissions":[{"actions":[],"repositories":["a"]}]})", "a permission needs"},
      {R"({"name":"x","permissions":[{"actions":["fly"],"repositories":["a"]}]})",
       "`fly` is no action"},
      {R"({"name":"x","permissions":[{"actions":["pull"],"repositories":["A"]}]})",
       "can match no repository"},
      {R"({"name":"x","permissions":[{"actions":["pull"],"repositories":["a"],"b":1}]})",
       "no member `b`"},
      {R"({"name":"x","admin":true,)" + good + "}", "no member `admin`"},
      {R"({"name":"x","expires_in":0,)" + good + "}", "`expires_in` must be"},
      {R"({"name":"x","expires_in":-5,)" + good + "}", "`expires_in` must be"},
      {R"({"name":"x","expires_in":1e99,)" + good + "}", "`expires_in` must be"},
      {R"({"name":"x","expires_in":"1h",)" + good + "}", "`expires_in` must be"},
      {R"({"name":"x","description":")" + string(257, 'd') + "\"," + good + "}", "`description`"},
  };
  for (const auto& [json, words] : rows) {
    CAPTURE(json);
    const auto answer = house.api.ask(as("alice", wish(json)));
    CHECK(answer.status == 400);
    CHECK(answer.body.find(words) != string::npos);
  }
  CHECK(house.api.ask(as("alice", sized("POST", kRobots, "{}", {"Content-Type: text/plain"})))
            .status == 415);
  const string long_wish = wish(string(70'000, ' '));
  CHECK(house.api.ask(as("alice", long_wish)).status == 413);
  CHECK(house.list("alice")["robots"].empty());
}

TEST_CASE_TEMPLATE("Robots: expiry, rotation and the end take tokens and logins with them", Driver,
                   API_DRIVERS) {
  House<Driver> house;
  const string base = get("/v2/");
  const auto token_of = [&](const Json& robot) {
    const auto answer =
        house.api.ask(as_robot(robot, get("/auth/token?scope=repository:team-a/app:pull,push")));
    CHECK(answer.status == 200);
    const Json issued = Json::parse(answer.body);
    return issued["token"].get<string>();
  };
  const auto with_token = [&](const string& token) {
    return house.api.ask(authorized("Bearer " + token, base)).status;
  };

  const Json brief = house.make("alice", wish("brief", "team-a/**", R"(,"expires_in":60)"));
  const string brief_token = token_of(brief);
  CHECK(with_token(brief_token) == 200);
  house.gatekeeping.clock.advance(std::chrono::seconds(60));
  CHECK(house.api.ask(as_robot(brief, base)).status == 401);
  CHECK(with_token(brief_token) == 401);
  CHECK(house.list("alice")["robots"][0]["expired"] == true);

  const Json first = house.make("alice", wish("ci-a", "team-a/**"));
  const string first_token = token_of(first);
  CHECK(with_token(first_token) == 200);
  const auto rotated = house.api.ask(as("alice", post(kRobots + "/ci-a/secret")));
  CHECK(rotated.status == 200);
  const Json second = Json::parse(rotated.body);
  CHECK(house.api.ask(as_robot(first, base)).status == 401);
  CHECK(with_token(first_token) == 401);
  CHECK(house.api.ask(as_robot(second, base)).status == 200);

  const auto kept =
      house.api.ask(as("alice", sized("POST", kRobots + "/ci-a/secret", R"({"keep_former":30})",
                                      {"Content-Type: application/json"})));
  const Json third = Json::parse(kept.body);
  CHECK(house.api.ask(as_robot(second, base)).status == 200);
  house.gatekeeping.clock.advance(std::chrono::seconds(30));
  CHECK(house.api.ask(as_robot(second, base)).status == 401);

  const string third_token = token_of(third);
  CHECK(house.api.ask(as("alice", del(kRobots + "/ci-a"))).status == 204);
  CHECK(house.api.ask(as_robot(third, base)).status == 401);
  CHECK(with_token(third_token) == 401);
}

TEST_CASE_TEMPLATE("Robots: a token lets nobody administer", Driver, API_DRIVERS) {
  House<Driver> house;
  const auto answer = house.api.ask(
      as("alice", get("/auth/token?scope=repository:team-a/app:pull,push,delete,admin,*")));
  const string token = Json::parse(answer.body)["token"];
  const auto refused = house.api.ask(authorized("Bearer " + token, get(kRobots)));
  CHECK(refused.status == 401);
  CHECK(refused.header("WWW-Authenticate") == "Basic realm=\"Shale\"");
}

TEST_CASE_TEMPLATE("Robots: without authentication there are none, and that is said", Driver,
                   API_DRIVERS) {
  Driver api;
  const auto answer = api.ask(get(kRobots));
  CHECK(answer.status == 404);
  CHECK(answer.body.find("auth.robots") != string::npos);
}

TEST_CASE_TEMPLATE("Robots: paths beside those of the API are nothing", Driver, API_DRIVERS) {
  House<Driver> house;
  for (const string path : {"/api", "/api/v1", "/api/v1/", "/api/v1/robots/", "/api/v1/robotsx",
                            "/api/v1/robots/a/b", "/api/v1/robots/a/secret/", "/api/v2/robots"}) {
    CAPTURE(path);
    CHECK(house.api.ask(as("olga", get(path))).status == 404);
  }
}

}  // namespace
}  // namespace shale::testing
