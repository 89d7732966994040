#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/http/timestamp.h"
#include "tests/server/cli/canned_server.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using Json = nlohmann::json;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string kTags =
    R"({"repository":"team/app","tags":[{"tag":"v1","digest":"sha256:11","moved":"2026-01-01T00:00:00.000Z",)"
    R"("actor":"alice"},{"tag":"v0","digest":null,"moved":"2026-01-02T00:00:00.000Z","actor":"robot+ci"}],)"
    R"("next":null})";

TEST_CASE("shale tag list: prints a line for each tag, with who moved it and when") {
  const Asked asked = ask({"tag", "list", "team/app", "--deleted"}, kTags);
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.line() == "GET /api/v1/repositories/team/app/tags?n=1000&deleted=true");
  CHECK(asked.outcome.out ==
        "TAG  DIGEST     MOVED                     BY\n"
        "v1   sha256:11  2026-01-01T00:00:00.000Z  alice\n"
        "v0   deleted    2026-01-02T00:00:00.000Z  robot+ci\n");
  const Asked json = ask({"tag", "list", "team/app", "--output", "json"}, kTags);
  CHECK(has(json.line(), "deleted=false"));
  CHECK(Json::parse(json.outcome.out)["tags"].size() == 2);
}

TEST_CASE("shale tag history: prints both ends of every move") {
  const std::string answer =
      R"({"repository":"app","tag":"v1","moves":[)"
      R"({"time":"2026-01-02T00:00:00.000Z","actor":"bob","from":"sha256:11","to":null},)"
      R"({"time":"2026-01-01T00:00:00.000Z","actor":"alice","from":null,"to":"sha256:11"}],"more":true})";
  const Asked asked = ask({"tag", "history", "app:v1", "--limit", "2"}, answer);
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.line() == "GET /api/v1/repositories/app/tags/v1/history?limit=2");
  CHECK(asked.outcome.out ==
        "TIME                      BY     FROM       TO\n"
        "2026-01-02T00:00:00.000Z  bob    sha256:11  deleted\n"
        "2026-01-01T00:00:00.000Z  alice  -          sha256:11\n");
  CHECK(has(asked.outcome.err, "there are older moves"));
  CHECK(Json::parse(ask({"tag", "history", "app:v1", "--output", "json"}, answer).outcome.out) ==
        Json::parse(answer));
}

const std::string kShown = R"({"repository":"app","tag":"v1","digest":"sha256:11","present":true,)"
                           R"("moved":"2026-01-01T00:00:00.000Z","actor":"alice"})";

TEST_CASE("shale tag show: prints the digest alone, as of a time or of so long ago") {
  const Asked now = ask({"tag", "show", "app:v1"}, kShown);
  CHECK(now.outcome.out == "sha256:11\n");
  CHECK(now.outcome.err.empty());
  CHECK(now.line() == "GET /api/v1/repositories/app/tags/v1");
  CHECK(ask({"tag", "show", "app:v1", "--at", "2026-11-01T02:00:00+02:00"}, kShown).line() ==
        "GET /api/v1/repositories/app/tags/v1?at=2026-11-01T00:00:00.000Z");

  const auto before = std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::system_clock::now() - std::chrono::hours(2));
  const std::string line = ask({"tag", "show", "app:v1", "--at", "2h"}, kShown).line();
  const auto asked = http::parse_timestamp(line.substr(line.find('=') + 1));
  REQUIRE(asked);
  CHECK(*asked >= before);
  CHECK(*asked <= std::chrono::system_clock::now() - std::chrono::hours(2));

  Json gone = Json::parse(kShown);
  gone["present"] = false;
  const Asked deleted = ask({"tag", "show", "app:v1"}, gone.dump());
  CHECK(deleted.outcome.out == "sha256:11\n");
  CHECK(has(deleted.outcome.err, "that manifest was deleted"));
}

TEST_CASE("shale tag rollback: asks for the one before, a digest or a time") {
  const std::string went = R"({"repository":"app","tag":"v1","from":"sha256:22","to":"sha256:11"})";
  const Asked before = ask({"tag", "rollback", "team/app:v1"}, went);
  CHECK(before.outcome.code == kOk);
  CHECK(before.outcome.out == "sha256:11\n");
  CHECK(before.outcome.err == "team/app:v1 was sha256:22\n");
  CHECK(before.line() == "POST /api/v1/repositories/team/app/tags/v1/rollback");
  CHECK(has(before.request, "Content-Type: application/json\r\n"));
  CHECK(before.body() == Json::object());
  CHECK(ask({"tag", "rollback", "app:v1", "--to", "sha256:11"}, went).body() ==
        Json{{"to", "sha256:11"}});
  CHECK(ask({"tag", "rollback", "app:v1", "--at", "2026-11-01T00:00:00Z"}, went).body() ==
        Json{{"at", "2026-11-01T00:00:00.000Z"}});
  const Asked still = ask({"tag", "rollback", "app:v1", "--to", "sha256:11"},
                          R"({"from":"sha256:11","to":"sha256:11"})");
  CHECK(has(still.outcome.err, "stands there already"));
}

TEST_CASE("shale tag restore: says what the tag names again") {
  const Asked asked = ask({"tag", "restore", "app:v1"},
                          R"({"repository":"app","tag":"v1","from":null,"to":"sha256:11"})");
  CHECK(asked.line() == "POST /api/v1/repositories/app/tags/v1/restore");
  CHECK(asked.body() == Json::object());
  CHECK(asked.outcome.out == "sha256:11\n");
  CHECK(asked.outcome.err == "app:v1 is back\n");
}

TEST_CASE("shale tag: what the server refuses is told, and ends with 1") {
  const Asked asked =
      ask({"tag", "rollback", "app:v1"},
          R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here","detail":"the tag v1"}]})",
          404);
  CHECK(asked.outcome.code == kFailure);
  CHECK(asked.outcome.out.empty());
  CHECK(asked.outcome.err == "shale: not here: the tag v1\n");
}

TEST_CASE("shale tag: a wrong command line asks nothing and says what to write") {
  struct Wrong {
    std::vector<std::string> arguments;
    std::string_view words;
  };
  const Wrong rows[] = {
      {{"tag"}, "subcommand is required"},
      {{"tag", "list"}, "repository is required"},
      {{"tag", "history", "app"}, "write REPOSITORY:TAG"},
      {{"tag", "show", "app:"}, "write REPOSITORY:TAG"},
      {{"tag", "show", ":v1"}, "write REPOSITORY:TAG"},
      {{"tag", "show", "localhost:5000/app"}, "write REPOSITORY:TAG"},
      {{"tag", "rollback", "app@sha256:11"}, "write REPOSITORY:TAG"},
      {{"tag", "show", "app:v1", "--at", "yesterday"}, "`yesterday` is no time"},
      {{"tag", "show", "app:v1", "--at", "-2h"}, "`-2h` is no time"},
      {{"tag", "rollback", "app:v1", "--at", "99999999999999d"}, "is no time"},
      {{"tag", "rollback", "app:v1", "--at", "2h", "--to", "sha256:11"}, "excludes"},
      {{"tag", "history", "app:v1", "--limit", "0"}, "--limit"},
      {{"tag", "history", "app:v1", "--limit", "-1"}, "--limit"},
      {{"tag", "list", "app", "--output", "yaml"}, "--output"},
  };
  for (const Wrong& row : rows) {
    CAPTURE(row.arguments);
    const Outcome outcome = shale(row.arguments);
    CHECK(outcome.code == kUsage);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(has(outcome.err, row.words), outcome.err);
  }
}

}  // namespace
}  // namespace shale::cli
