#include "server/api/audit.h"

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "blobstore/guarded.h"
#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

using std::string;

/// A registry whose decisions are written down.
struct Audited {
  string lines() {
    logger.flush(std::chrono::seconds(10));
    return *text.lock();
  }
  bool has(const string& request_id, std::string_view part) {
    const string all = lines();
    for (auto at = all.find(request_id + '"'); at != string::npos;
         at = all.find(request_id + '"', at + 1)) {
      const auto begin = all.rfind('\n', at) + 1;
      if (all.substr(begin, all.find('\n', at) - begin).find(part) != string::npos) return true;
    }
    return false;
  }

  int count(std::string_view part) {
    const string all = lines();
    int found = 0;
    for (auto at = all.find(part); at != string::npos; at = all.find(part, at + 1))
      ++found;
    return found;
  }

  Guarded<string> text;
  log::Logger logger{
      {.format = log::Format::kJson, .level = log::Level::kInfo},
      [this](std::string_view more, const std::stop_token&) { text.lock()->append(more); }};
  FakeClock clock;
  std::unique_ptr<api::Audit> audit = std::make_unique<api::Audit>(logger, clock);
  Gatekeeping gatekeeping{team_rules(), api::Guard::Challenge::kBasic, audit.get()};
  InProcess client{gatekeeping.setup()};
};

TEST_CASE("Audit: logins and tokens, with who and from where") {
  Audited house;
  const auto login = house.client.ask(as("alice", get("/v2/")));
  const string id = login.header("X-Request-Id");
  CHECK(house.has(id, R"("msg":"login")"));
  CHECK(house.has(id, R"("client":"127.0.0.1","outcome":"accepted","user":"alice","kind":"user")"));
  const auto remembered = house.client.ask(as("alice", get("/v2/")));
  CHECK_FALSE(house.has(remembered.header("X-Request-Id"), "login"));
  const auto token =
      house.client.ask(as("alice", get("/auth/token?scope=repository:team-a/x:pull")));
  CHECK(house.has(token.header("X-Request-Id"), R"("scope":"repository:team-a/x:pull")"));
  const auto robot = house.client.ask(as("ci", get("/v2/")));
  CHECK(house.has(robot.header("X-Request-Id"), R"("user":"ci","kind":"robot")"));
}

TEST_CASE("Audit: the client is whom a proxy names, once the proxy is trusted") {
  Audited house;
  const string behind =
      get("/v2/", {"Authorization: " + basic("alice", "wrong"), "X-Forwarded-For: 203.0.113.9"});
  const auto before = house.client.ask(behind);
  CHECK(house.has(before.header("X-Request-Id"), R"("client":"127.0.0.1")"));
  house.audit->replace_trusted_proxies({.networks = {*http::IpNetwork::parse("127.0.0.0/8")}});
  const auto after = house.client.ask(behind);
  CHECK(house.has(after.header("X-Request-Id"), R"("client":"203.0.113.9")"));
}

TEST_CASE("Audit: refusals name the rule, and so do pushes and deletes") {
  Audited house;
  push_image_as(house.client, "pat", "team-a/app", "v1", "one");
  const auto denied = house.client.ask(as("bob", del(manifest_url("team-a/app", "v1"))));
  CHECK(house.has(denied.header("X-Request-Id"),
                  R"("action":"delete","repository":"team-a/app","outcome":"denied",)"
                  R"("rule":0,"line":0,"by":"nothing")"));
  const auto moved = house.client.ask(as(
      "pat", sized("PUT", manifest_url("team-a/app", "v1"), R"({"schemaVersion":2,"manifests":[]})",
                   {"Content-Type: application/vnd.oci.image.index.v1+json"})));
  CHECK(moved.status == 403);
  CHECK(house.has(moved.header("X-Request-Id"), R"("action":"overwrite")"));
  const auto deleted = house.client.ask(as("alice", del(manifest_url("team-a/app", "v1"))));
  CHECK(house.has(deleted.header("X-Request-Id"),
                  R"("outcome":"allowed","rule":1,"line":1,"by":"rule")"));
  const auto pulled = house.client.ask(as("bob", get("/v2/team-a/app/tags/list")));
  CHECK_FALSE(house.has(pulled.header("X-Request-Id"), R"("msg":"access")"));
}

TEST_CASE("Audit: a mount whose source is closed, though the client is not told") {
  Audited house;
  const Digest layer = push_blob_as(house.client, "olga", "team-b/app", "a layer");
  const auto mount = [&](const string& from) {
    return house.client.ask(
        as("alice", post("/v2/team-a/app/blobs/uploads/?mount=" + layer.str() + "&from=" + from)));
  };
  for (const string from : {"team-b/app", "team-b/none"}) {
    const auto closed = mount(from);
    CHECK(closed.status == 202);
    CHECK(house.has(closed.header("X-Request-Id"), R"("action":"pull","repository":")" + from +
                                                       R"(","outcome":"denied","rule":0)"));
  }
  CHECK_FALSE(house.has(mount("team-a/other").header("X-Request-Id"), R"("action":"pull")"));
}

TEST_CASE("Audit: no secret, and no name that nobody proved") {
  Audited house;
  const auto wrong = house.client.ask(authorized(basic("hunter2", "hunter3"), get("/v2/")));
  CHECK(house.has(wrong.header("X-Request-Id"), "wrong user name or password"));
  const auto bad = house.client.ask(authorized("Bearer abc.def.ghi", get("/v2/")));
  CHECK(house.has(bad.header("X-Request-Id"), "malformed"));
  const string lines = house.lines();
  for (const std::string_view secret : {"hunter", "abc.def", "-secret", "Basic", "eyJ"})
    CHECK(lines.find(secret) == string::npos);
}

TEST_CASE("Audit: a flood of those who prove nothing is a few lines, and one that counts") {
  Audited house;
  for (int i = 0; i < 100; ++i) {
    house.client.ask(get("/v2/team-a/app/tags/list"));
    house.client.ask(authorized("Bearer abc.def.ghi", get("/v2/")));
    house.client.ask(get("/auth/token?scope=repository:public/x:pull"));
  }
  constexpr int kWritten = 20;
  CHECK(house.count("\n") == kWritten);
  house.audit->settle();
  CHECK(house.count("\n") == kWritten);

  SUBCASE("when a minute is over") {
    house.clock.advance(std::chrono::minutes(1));
    house.audit->settle();
  }
  SUBCASE("when the clock was set back") {
    house.clock.advance(-std::chrono::hours(1));
    house.audit->settle();
  }
  SUBCASE("at the end") {
    house.audit.reset();
  }
  CHECK(house.count(R"("outcome":"suppressed")") == 3);
  CHECK(house.count(R"("msg":"access","client":"127.0.0.1","outcome":"suppressed","count":93})") ==
        1);
  CHECK(house.count(R"("msg":"login","client":"127.0.0.1","outcome":"suppressed","count":93})") ==
        1);
  CHECK(house.count(R"("msg":"token","client":"127.0.0.1","outcome":"suppressed","count":94})") ==
        1);
}

TEST_CASE("Audit: nothing is left out of what proved identities do, nor of what was allowed") {
  Audited house;
  for (int i = 0; i < 100; ++i)
    house.client.ask(get("/v2/team-a/app/tags/list"));
  for (int i = 0; i < 100; ++i) {
    const auto denied = house.client.ask(as("carol", get("/v2/team-a/app/tags/list")));
    CHECK(house.has(denied.header("X-Request-Id"), R"("outcome":"denied")"));
  }
  const auto allowed = house.client.ask(as("alice", del(manifest_url("team-a/app", "v1"))));
  CHECK(house.has(allowed.header("X-Request-Id"), R"("outcome":"allowed")"));
}

}  // namespace
}  // namespace shale::testing
