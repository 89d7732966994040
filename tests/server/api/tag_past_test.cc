#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/http/timestamp.h"
#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;
using Json = nlohmann::json;
using std::chrono::hours;

string past_url(const string& rest, const string& repository = "team-a/app") {
  return "/api/v1/repositories/" + repository + "/tags" + rest;
}
string put_back(const string& rest, const string& json) {
  return sized("POST", past_url(rest), json, {"Content-Type: application/json"});
}
string as_of(const string& time) {
  return "Shale-As-Of: " + time;
}

/// `latest` was one, an hour later two, and an hour later three.
template <class Driver>
struct Moved {
  Moved() {
    one = api.push_image("team-a/app", "latest", "one");
    api.clock().advance(hours(1));
    two = api.push_image("team-a/app", "latest", "two");
    api.clock().advance(hours(1));
    three = api.push_image("team-a/app", "latest", "three");
  }
  string at(std::chrono::milliseconds later) { return http::format_timestamp(start + later); }
  Json json(const string& request) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == "application/json");
    return Json::parse(answer.body);
  }
  string named() { return api.ask(get(latest)).header("Docker-Content-Digest"); }

  const string latest = manifest_url("team-a/app", "latest");
  Driver api;
  const Time start = api.clock().now();
  Digest one = digest_of("");
  Digest two = one;
  Digest three = one;
};

TEST_CASE_TEMPLATE("Tag past: history has every move, newest first, with both ends", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  m.api.expect({{del(m.latest), 202}});
  const Json all = m.json(get(past_url("/latest/history")));
  CHECK(all["repository"] == "team-a/app");
  CHECK(all["tag"] == "latest");
  CHECK(all["more"] == false);
  const Json& moves = all["moves"];
  REQUIRE(moves.size() == 4);
  CHECK(moves[0] == Json{{"time", m.at(hours(2))},
                         {"actor", "anonymous"},
                         {"from", m.three.str()},
                         {"to", nullptr}});
  CHECK(moves[1]["from"] == m.two.str());
  CHECK(moves[1]["to"] == m.three.str());
  CHECK(moves[3]["from"].is_null());
  CHECK(moves[3]["to"] == m.one.str());
  CHECK(moves[3]["time"] == m.at(hours(0)));

  const Json two = m.json(get(past_url("/latest/history?limit=2")));
  CHECK(two["more"] == true);
  REQUIRE(two["moves"].size() == 2);
  CHECK(two["moves"][1] == moves[1]);
  CHECK(m.json(get(past_url("/latest/history?limit=99999999999999999999")))["moves"].size() == 4);
}

TEST_CASE_TEMPLATE("Tag past: a tag can be looked up as it was", Driver, API_DRIVERS) {
  Moved<Driver> m;
  const auto look = [&](const string& query) { return m.json(get(past_url("/latest" + query))); };
  CHECK(look("")["digest"] == m.three.str());
  CHECK(look("?at=" + m.at(hours(0)))["digest"] == m.one.str());
  const Json then = look("?at=" + m.at(hours(2) - std::chrono::milliseconds(1)));
  CHECK(then["digest"] == m.two.str());
  CHECK(then["moved"] == m.at(hours(1)));
  CHECK(then["actor"] == "anonymous");
  CHECK(then["present"] == true);
  CHECK(look("?at=9999-12-31T23:59:59Z")["digest"] == m.three.str());

  m.api.expect({{del(manifest_url("team-a/app", m.one)), 202}});
  CHECK(look("?at=" + m.at(hours(0)))["present"] == false);
}

TEST_CASE_TEMPLATE("Tag past: a pull as of a time gets what the tag named then", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  const auto pull = [&](const string& time) { return m.api.ask(get(m.latest, {as_of(time)})); };
  const auto old = pull(m.at(hours(1) - std::chrono::milliseconds(1)));
  CHECK(old.status == 200);
  CHECK(old.header("Docker-Content-Digest") == m.one.str());
  CHECK(old.body == image_manifest("one"));
  CHECK(pull(m.at(hours(1))).body == image_manifest("two"));
  CHECK(pull(m.at(hours(9))).body == image_manifest("three"));
  const auto asked = m.api.ask(head(m.latest, {as_of(m.at(hours(1)))}));
  CHECK(asked.status == 200);
  CHECK(asked.header("Docker-Content-Digest") == m.two.str());

  const string etag = "If-None-Match: \"" + m.one.str() + '"';
  CHECK(m.api.ask(get(m.latest, {as_of(m.at(hours(0))), etag})).status == 304);
  // A digest means the same at all times, and the time has to be one all the same.
  m.api.expect(
      {{get(manifest_url("team-a/app", m.three), {as_of(m.at(hours(0)))}), 200},
       {get(manifest_url("team-a/app", m.three), {as_of("yesterday")}), 400, "UNSUPPORTED"}});
}

TEST_CASE_TEMPLATE("Tag past: a pull as of a time when there was nothing says why", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  m.api.clock().advance(hours(1));
  m.api.expect({{del(m.latest), 202}, {del(manifest_url("team-a/app", m.one)), 202}});
  const auto refused = [&](const string& url, const string& time) {
    const auto answer = m.api.ask(get(url, {as_of(time)}));
    CHECK(answer.status == 404);
    CHECK(wire_codes(answer) == "MANIFEST_UNKNOWN");
    return Json::parse(answer.body)["errors"][0]["detail"].template get<string>();
  };
  CHECK(refused(m.latest, "2001-01-01T00:00:00Z") == "the tag latest was not there yet");
  CHECK(refused(m.latest, m.at(hours(3))) == "the tag latest was deleted by then");
  CHECK(refused(m.latest, m.at(hours(0))) == "the tag latest named " + m.one.str() +
                                                 " then, and that manifest was deleted from "
                                                 "team-a/app");
  CHECK(refused(manifest_url("team-a/app", "never"), m.at(hours(0))) ==
        "the tag never was never in team-a/app");
  CHECK(refused(manifest_url("nowhere", "latest"), m.at(hours(0))) ==
        "the tag latest was never in nowhere");
  for (const string time : {"", "yesterday", "2023-11-14", "2023-02-30T00:00:00Z"}) {
    CAPTURE(time);
    const auto answer = m.api.ask(get(m.latest, {as_of(time)}));
    CHECK(answer.status == 400);
    CHECK(answer.body.find("Shale-As-Of must be a time of RFC 3339") != string::npos);
  }
  CHECK(m.api.ask(get(m.latest, {as_of(m.at(hours(0))), as_of(m.at(hours(1)))})).status == 400);
}

TEST_CASE_TEMPLATE("Tag past: a tag rolls back to the one before, a digest or a time", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  const auto roll = [&](const string& json) { return m.json(put_back("/latest/rollback", json)); };
  CHECK(roll("{}") == Json{{"repository", "team-a/app"},
                           {"tag", "latest"},
                           {"from", m.three.str()},
                           {"to", m.two.str()}});
  CHECK(m.named() == m.two.str());
  CHECK(roll("")["to"] == m.three.str());  // and back again
  CHECK(m.named() == m.three.str());
  CHECK(roll(R"({"to":")" + m.one.str() + "\"}")["from"] == m.three.str());
  CHECK(m.named() == m.one.str());
  CHECK(roll(R"({"at":")" + m.at(hours(1)) + "\"}")["to"] == m.two.str());
  CHECK(m.named() == m.two.str());
  // It stands there already.
  CHECK(roll(R"({"to":")" + m.two.str() + "\"}")["from"] == m.two.str());
  CHECK(m.json(get(past_url("/latest/history")))["moves"].size() == 7);
}

TEST_CASE_TEMPLATE("Tag past: a rollback that cannot be is refused with what is wrong", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  m.api.push_image("team-a/app", "single", "single");
  m.api.expect({{del(manifest_url("team-a/app", m.two)), 202}});
  struct Refusal {
    string rest;
    string json;
    int status;
    std::string_view words;
  };
  const string gone = R"({"to":")" + m.two.str() + "\"}";
  const Refusal rows[] = {
      {"/latest/rollback", "{}", 404, "named "},
      {"/latest/rollback", gone, 404, "is not in team-a/app"},
      {"/latest/rollback", R"({"at":"2001-01-01T00:00:00Z"})", 404, "was not there yet"},
      {"/latest/rollback", R"({"at":"noon"})", 400, "`at` must be a time of RFC 3339"},
      {"/latest/rollback", R"({"at":7})", 400, "`at` must be a string"},
      {"/latest/rollback", R"({"to":"v1"})", 400, ""},
      {"/latest/rollback", R"({"to":null})", 400, "`to` must be a string"},
      {"/latest/rollback", R"({"back":"1"})", 400, "there is no member `back`"},
      {"/latest/rollback", R"({"to":"x","at":"y"})", 400, "write one of them"},
      {"/latest/rollback", "[]", 400, "no JSON object"},
      {"/latest/rollback", "{", 400, "no JSON object"},
      {"/single/rollback", "{}", 404, "never named another manifest"},
      {"/never/rollback", "{}", 404, "was never in team-a/app"},
      {"/never/rollback", R"({"to":")" + m.one.str() + "\"}", 404, "was never in team-a/app"},
      {"/-no-tag/rollback", "{}", 400, ""},
      {"/never/restore", "{}", 404, "was never in team-a/app"},
  };
  for (const Refusal& row : rows) {
    CAPTURE(row.rest);
    CAPTURE(row.json);
    const auto answer = m.api.ask(put_back(row.rest, row.json));
    CHECK(answer.status == row.status);
    CHECK_MESSAGE(answer.body.find(row.words) != string::npos, answer.body);
  }
  CHECK(m.named() == m.three.str());
  m.api.expect({{post(past_url("/latest/rollback")), 415, "UNSUPPORTED"},
                {post(past_url("/latest/restore")), 415, "UNSUPPORTED"},
                {get(past_url("/latest/rollback")), 405, "UNSUPPORTED"},
                {get(past_url("/latest/history?limit=0")), 400, "UNSUPPORTED"},
                {get(past_url("/latest/history?limit=-1")), 400, "UNSUPPORTED"},
                {get(past_url("/latest/history?limit=some")), 400, "UNSUPPORTED"},
                {get(past_url("/latest?at=noon")), 400, "UNSUPPORTED"},
                {get(past_url("/never")), 404, "MANIFEST_UNKNOWN"},
                {get(past_url("/never/history")), 404, "MANIFEST_UNKNOWN"},
                {get(past_url("/latest", "UPPER")), 400, "NAME_INVALID"},
                {get(past_url("", "nowhere")), 404, "NAME_UNKNOWN"},
                {get("/api/v1/repositories/team-a/app"), 404, "UNSUPPORTED"}});
}

TEST_CASE_TEMPLATE("Tag past: a deleted tag is restored to what it named", Driver, API_DRIVERS) {
  Moved<Driver> m;
  m.api.expect({{del(m.latest), 202}, {get(m.latest), 404, "MANIFEST_UNKNOWN"}});
  const auto refused = m.api.ask(put_back("/latest/rollback", "{}"));
  CHECK(refused.status == 404);
  CHECK(refused.body.find("is deleted: restore it") != string::npos);

  const Json went = m.json(put_back("/latest/restore", ""));
  CHECK(went["from"].is_null());
  CHECK(went["to"] == m.three.str());
  CHECK(m.named() == m.three.str());
  CHECK(m.json(put_back("/latest/restore", "{}"))["from"] == m.three.str());
  CHECK(m.json(get(past_url("/latest/history")))["moves"].size() == 5);

  m.api.expect({{del(manifest_url("team-a/app", m.three)), 202}});
  const auto gone = m.api.ask(put_back("/latest/restore", "{}"));
  CHECK(gone.status == 404);
  CHECK(gone.body.find(m.three.str() + " before it was deleted, and that manifest was deleted") !=
        string::npos);
  // By time it comes back as long as what it named then is there.
  CHECK(m.json(put_back("/latest/rollback", R"({"at":")" + m.at(hours(1)) + "\"}"))["to"] ==
        m.two.str());
  CHECK(m.named() == m.two.str());
}

TEST_CASE_TEMPLATE("Tag past: tags are listed with their last move, deleted ones on demand", Driver,
                   API_DRIVERS) {
  Moved<Driver> m;
  m.api.push_image("team-a/app", "v1", "one");
  m.api.push_image("team-a/app", "v2", "two");
  m.api.expect({{del(manifest_url("team-a/app", "v1")), 202}});
  const auto names = [](const Json& page) {
    string all;
    for (const Json& tag : page["tags"])
      all += tag["tag"].get<string>() + (tag["digest"].is_null() ? "- " : " ");
    return all + (page["next"].is_null() ? "." : page["next"].get<string>());
  };
  CHECK(names(m.json(get(past_url("")))) == "latest v2 .");
  CHECK(names(m.json(get(past_url("?deleted=true")))) == "latest v1- v2 .");
  CHECK(names(m.json(get(past_url("?n=2")))) == "latest v1");
  CHECK(names(m.json(get(past_url("?n=2&last=v1")))) == "v2 .");
  const Json tags = m.json(get(past_url("")))["tags"];
  CHECK(tags[0] == Json{{"tag", "latest"},
                        {"digest", m.three.str()},
                        {"moved", m.at(hours(2))},
                        {"actor", "anonymous"}});
}

TEST_CASE_TEMPLATE("Tag past: a rollback needs leave to overwrite, a restore to push", Driver,
                   API_DRIVERS) {
  Gatekeeping gatekeeping{{"user:alice", "team-a/**", "pull push overwrite delete"},
                          {"user:bob", "team-a/**", "pull push"}};
  Driver api{gatekeeping.setup()};
  push_image_as(api, "alice", "team-a/app", "latest", "one");
  push_image_as(api, "alice", "team-a/app", "latest", "two");
  const string roll = put_back("/latest/rollback", "{}");
  const string restore = put_back("/latest/restore", "{}");
  api.expect({{as("bob", roll), 403, "DENIED"},
              {as("alice", roll), 200},
              {as("alice", del(manifest_url("team-a/app", "latest"))), 202},
              {as("bob", restore), 200}});
  const auto answer = api.ask(as("bob", get(past_url("/latest/history"))));
  const Json moves = Json::parse(answer.body)["moves"];
  REQUIRE(moves.size() == 5);
  CHECK(moves[0]["actor"] == "bob");
  CHECK(moves[2]["actor"] == "alice");
}

TEST_CASE_TEMPLATE("Tag past: repositories and tags may be called as the words of the paths are",
                   Driver, API_DRIVERS) {
  Driver api;
  api.push_image("a/tags/b", "history", "one");
  api.push_image("a", "rollback", "two");
  api.expect({{get(past_url("/history", "a/tags/b")), 200},
              {get(past_url("/history/history", "a/tags/b")), 200},
              {get(past_url("/rollback", "a")), 200},
              {get(past_url("/rollback/history", "a")), 200},
              {get(past_url("", "a/tags/b")), 200}});
}

}  // namespace
}  // namespace shale::testing
