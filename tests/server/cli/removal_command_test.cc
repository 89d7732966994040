#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/cli/image_name.h"
#include "tests/server/cli/canned_server.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using Json = nlohmann::json;

Outcome alone(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--socket", "/nowhere/control.sock"});
  return shale(arguments);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string kRemoval =
    R"({"repository":"team/app","dry_run":true,"for_good":false,"restorable_for_ms":86400000,)"
    R"("tags":{"count":1,"first":["1.2"]},)"
    R"("manifests":{"count":1,"first":[{"digest":"sha256:11","size":500,"tags":["1.2"]}]},)"
    R"("blobs":{"count":3,"first":[{"digest":"sha256:22","size":9000}]},)"
    R"("kept":{"count":1,"first":[{"digest":"sha256:33","size":70,"by":["the repository b"]}]},)"
    R"("bytes":9500})";

TEST_CASE("ImageName: has a repository, and at most one of tag and digest") {
  const auto parsed = [](std::string_view text) -> std::string {
    const auto name = ImageName::parse(text);
    if (!name) return "none";
    return name->repository + " " + name->tag.value_or("-") + " " + name->digest.value_or("-");
  };
  CHECK(parsed("team/app") == "team/app - -");
  CHECK(parsed("team/app:1.2") == "team/app 1.2 -");
  CHECK(parsed("app@sha256:00") == "app - sha256:00");
  for (const char* wrong : {"", ":1", "app:", "app@", "app:1@sha256:00", "@sha256:00"}) {
    CAPTURE(wrong);
    CHECK(parsed(wrong) == "none");
  }
}

TEST_CASE("shale rm: says what goes, what stays and why") {
  const Asked asked = ask({"rm", "team/app:1.2", "--dry-run"}, kRemoval);
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.line() == "POST /api/v1/repositories/team/app/remove");
  CHECK(asked.body() == Json{{"dry_run", true}, {"for_good", false}, {"reference", "1.2"}});
  CHECK(asked.outcome.out ==
        "FATE   WHAT      DIGEST     BYTES  WHY\n"
        "goes   manifest  sha256:11  500    tags: 1.2\n"
        "goes   blob      sha256:22  9000   -\n"
        "stays  -         sha256:33  70     by the repository b\n"
        "and 2 others\n"
        "would remove 1 tags, 1 manifests and 3 blobs; 9500 bytes would come free in 1 days; until "
        "then it can be restored\n");
  const Asked json = ask({"rm", "app@sha256:11", "--for-good", "--output", "json"}, kRemoval);
  CHECK(json.body() == Json{{"dry_run", false}, {"for_good", true}, {"reference", "sha256:11"}});
  CHECK(Json::parse(json.outcome.out) == Json::parse(kRemoval));
}

TEST_CASE("shale rm: a whole repository has to be meant") {
  CHECK(alone({"rm", "team/app"}).code == kUsage);
  CHECK(has(alone({"rm", "team/app"}).err, "say --all"));
  CHECK(alone({"rm", "team/app:1", "--all"}).code == kUsage);
  CHECK(alone({"rm", "team/app:"}).code == kUsage);
  CHECK(alone({"rm", "team/app:1"}).code == kFailure);
  CHECK_FALSE(ask({"rm", "team/app", "--all"}, kRemoval).body().contains("reference"));
}

TEST_CASE("shale history list: prints what can be had back, and until when") {
  const Asked asked =
      ask({"history", "list", "team/app"},
          R"({"repository":"team/app","deleted":[{"digest":"sha256:11","size":1,"media_type":"m",)"
          R"("tags":["1.2","1"],"deleted":"2026-01-01T00:00:00.000Z","actor":"alice",)"
          R"("until":"2026-01-15T00:00:00.000Z","operation":7}],"next":null})");
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.line() == "GET /api/v1/repositories/team/app/deleted?n=1000");
  CHECK(asked.outcome.out ==
        "DIGEST     TAGS    DELETED                   BY     UNTIL\n"
        "sha256:11  1.2, 1  2026-01-01T00:00:00.000Z  alice  2026-01-15T00:00:00.000Z\n");
  CHECK(alone({"history", "list", "team/app:1"}).code == kUsage);
}

TEST_CASE("shale history drop: one manifest, or all when that is said") {
  const std::string answer = R"({"repository":"app","dropped":2})";
  const Asked all = ask({"history", "drop", "app", "--all"}, answer);
  CHECK(all.line() == "POST /api/v1/repositories/app/deleted/drop");
  CHECK(all.body() == Json::object());
  CHECK(all.outcome.out == "2 manifests are gone for good\n");
  CHECK(ask({"history", "drop", "app@sha256:11"}, answer).body() == Json{{"digest", "sha256:11"}});
  CHECK(alone({"history", "drop", "app"}).code == kUsage);
  CHECK(alone({"history", "drop", "app@sha256:11", "--all"}).code == kUsage);
}

TEST_CASE("shale manifest restore and shale repository restore: say what came back") {
  const std::string answer =
      R"({"repository":"app","restored":{"count":2,"first":[{"digest":"sha256:11",)"
      R"("tags":["v1"],"taken":["latest"]}]}})";
  const Asked one = ask({"manifest", "restore", "app@sha256:11"}, answer);
  CHECK(one.line() == "POST /api/v1/repositories/app/restore");
  CHECK(one.body() == Json{{"digest", "sha256:11"}});
  CHECK(one.outcome.out ==
        "RESTORED   TAGS  TAKEN BY OTHERS\n"
        "sha256:11  v1    latest\n"
        "and 1 others\n");
  CHECK(ask({"repository", "restore", "app"}, answer).body() == Json::object());
  CHECK(alone({"manifest", "restore", "app"}).code == kUsage);
  CHECK(alone({"repository", "restore", "app@sha256:11"}).code == kUsage);
  const std::string refusal =
      R"({"errors":[{"code":"NAME_UNKNOWN","message":"m","detail":"nothing is kept"}]})";
  const Asked none = ask({"repository", "restore", "app"}, refusal, 404);
  CHECK(none.outcome.code == kFailure);
  CHECK(has(none.outcome.err, "nothing is kept"));
}

}  // namespace
}  // namespace shale::cli
