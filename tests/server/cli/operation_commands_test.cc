#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/cli/canned_server.h"

namespace shale::cli {
namespace {

using Json = nlohmann::json;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string status_with(bool disk_is_well) {
  return Json{{"version", "1.2.3"},
              {"process", 42},
              {"uptime_seconds", 93784},
              {"addresses", {"127.0.0.1:5000"}},
              {"draining", false},
              {"read_only", true},
              {"checks", {{{"name", "disk"}, {"ok", disk_is_well}, {"detail", "1.0 GiB free"}}}},
              {"connections", {{"waiting", 3}, {"sending", 0}, {"receiving", 2}}},
              {"pool", {{"waiting", 4}, {"busy", 5}}},
              {"memory_bytes", 50 << 20},
              {"files", {{"open", 40}, {"most", 1024}}},
              {"disk", {{"free_bytes", std::int64_t{5} << 30}, {"reserve_bytes", 256 << 20}}},
              {"store",
               {{"repositories", 1},
                {"tags", 2},
                {"manifests", 3},
                {"blobs", 4},
                {"bytes", 2048},
                {"logical_bytes", 4096},
                {"uploads_open", 1},
                {"bytes_freed", 0},
                {"set_aside", 2}}},
              {"log_level", "info"},
              {"waiting_for_restart", {"server.workers"}}}
      .dump();
}

TEST_CASE("shale status: the numbers are told for people, and exit 0 says that all is well") {
  const Asked asked = ask({"status"}, status_with(true));
  CHECK(asked.line() == "GET /api/v1/status");
  CHECK(asked.outcome.code == kOk);
  const std::string& out = asked.outcome.out;
  CHECK(has(out, "42, up 1d 2h"));
  CHECK(has(out, "read-only"));
  CHECK(has(out, "2 receiving, 3 waiting"));
  CHECK(has(out, "5.0 GiB free, 256 MiB in reserve"));
  CHECK(has(out, "2.0 KiB for 4.0 KiB that repositories show"));
  CHECK(has(out, "2 damaged blobs: see shale scrub"));
  CHECK(has(out, "server.workers"));
  CHECK(has(out, "ok: disk"));
}

TEST_CASE("shale status: fails, and still tells all, when something is wrong") {
  const Asked asked = ask({"status"}, status_with(false));
  CHECK(asked.outcome.code == kFailure);
  CHECK(has(asked.outcome.out, "WRONG: disk"));
  const Asked json = ask({"status", "--output", "json"}, status_with(false));
  CHECK(Json::parse(json.outcome.out) == Json::parse(status_with(false)));
}

TEST_CASE("shale status --live: exit 0 says no more than that the server answers") {
  const std::string alive = R"({"status":"ok","checks":[]})";
  const Asked asked = ask({"status", "--live"}, alive);
  CHECK(asked.line() == "GET /livez");
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.outcome.out == "it answers\n");
  const Asked json = ask({"status", "--live", "--output", "json"}, alive);
  CHECK(Json::parse(json.outcome.out) == Json::parse(alive));
  CHECK(ask({"status", "--live"}, "{}", 503).outcome.code == kFailure);
  CHECK(shale({"status", "--live", "--socket", "/none.sock"}).code == kFailure);
}

TEST_CASE("shale reload: tells what changed and what waits for a restart") {
  const Asked asked =
      ask({"reload"},
          R"({"changed":["log.level","rules"],"restart":["server.listen"],"read":["policy"]})");
  CHECK(asked.line() == "POST /api/v1/reload");
  CHECK(asked.outcome.code == kOk);
  CHECK(asked.outcome.out ==
        "changed: log.level, rules\nread again: policy\n"
        "changed, and needs a restart: server.listen\n");
}

TEST_CASE("shale reload: what is wrong is told with its place, and it fails") {
  const Asked asked = ask(
      {"reload"},
      R"({"errors":[{"code":"UNSUPPORTED","message":"not taken over","detail":"shale.yaml:3:5: wrong"}]})",
      409);
  CHECK(asked.outcome.code == kFailure);
  CHECK(has(asked.outcome.err, "shale.yaml:3:5: wrong"));
}

TEST_CASE("shale read-only: switches, or only asks") {
  const Asked on = ask({"read-only", "on"}, R"({"on":true})");
  CHECK(on.line() == "POST /api/v1/read-only");
  CHECK(on.body() == Json{{"on", true}});
  CHECK(has(on.outcome.out, "read-only"));
  const Asked question = ask({"read-only"}, R"({"on":false})");
  CHECK(question.line() == "GET /api/v1/read-only");
  CHECK(question.outcome.out == "pushes and deletes are taken\n");
  CHECK(shale({"read-only", "perhaps"}).code == kUsage);
}

TEST_CASE("shale log-level: changes, or only asks") {
  const Asked change = ask({"log-level", "debug"}, R"({"level":"debug"})");
  CHECK(change.body() == Json{{"level", "debug"}});
  CHECK(change.outcome.out == "log level: debug\n");
  const Asked question = ask({"log-level", "--output", "json"}, R"({"level":"info"})");
  CHECK(question.line() == "GET /api/v1/log-level");
  CHECK(Json::parse(question.outcome.out) == Json{{"level", "info"}});
  CHECK(shale({"log-level", "loud"}).code == kUsage);
}

}  // namespace
}  // namespace shale::cli
