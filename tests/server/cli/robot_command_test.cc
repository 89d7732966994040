#include "server/cli/robot_command.h"

#include <string>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/cli/canned_server.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using Json = nlohmann::json;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string kMade =
    R"({"name":"ci","login":"robot+ci","description":"","permissions":[{"actions":["pull","push"],)"
    R"("repositories":["team-a/**"]}],"created_by":"operator","created":"2026-01-01T00:00:00Z",)"
    R"("expires":"2026-04-01T00:00:00Z","expired":false,"last_used":null,"secret":"shale_x"})";

TEST_CASE("shale robot create: asks the server, and prints the secret alone") {
  const testing::TemporaryDirectory directory;
  CannedServer server((directory / "control.sock").string(), 201, kMade);
  const Outcome outcome =
      shale({"robot", "create", "ci", "--allow", "pull,push", "--repositories", "team-a/**",
             "--expires", "90d", "--data-dir", directory.path().string()});
  CHECK(outcome.code == kOk);
  CHECK(outcome.out == "shale_x\n");
  CHECK(has(outcome.err, "docker login --username robot+ci --password-stdin"));
  const std::string request = server.request();
  CHECK(request.starts_with("POST /api/v1/robots HTTP/1.1\r\n"));
  CHECK(has(request, "Content-Type: application/json\r\n"));
  CHECK(Json::parse(request.substr(request.find("\r\n\r\n"))) ==
        Json::parse(R"({"name":"ci","description":"","expires_in":7776000,"permissions":)"
                    R"([{"actions":["pull","push"],"repositories":["team-a/**"]}]})"));
}

TEST_CASE("shale robot create: a robot ends after a year unless it is to end never") {
  const testing::TemporaryDirectory directory;
  const std::string socket = (directory / "s").string();
  const auto wished = [&](const std::vector<std::string>& more) {
    ::unlink(socket.c_str());
    CannedServer server(socket, 201, kMade);
    std::vector<std::string> arguments = {"robot",          "create", "ci",       "--allow", "pull",
                                          "--repositories", "app",    "--socket", socket};
    arguments.insert(arguments.end(), more.begin(), more.end());
    CHECK(shale(arguments).code == kOk);
    const std::string request = server.request();
    return Json::parse(request.substr(request.find("\r\n\r\n")));
  };
  CHECK(wished({})["expires_in"] == 365 * 86400);
  CHECK_FALSE(wished({"--expires", "never"}).contains("expires_in"));
}

TEST_CASE("shale robot: what the server refuses is told, and ends with 1") {
  const testing::TemporaryDirectory directory;
  const std::string socket = (directory / "s").string();
  CannedServer server(
      socket, 404,
      R"({"errors":[{"code":"ROBOT_UNKNOWN","message":"there is no such robot","detail":"ci"}]})");
  const Outcome outcome = shale({"robot", "revoke", "c/i", "--socket", socket});
  CHECK(outcome.code == kFailure);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "shale: there is no such robot: ci\n");
  CHECK(server.request().starts_with("DELETE /api/v1/robots/c%2Fi HTTP/1.1\r\n"));
}

TEST_CASE("shale robot list: a table, or JSON") {
  const testing::TemporaryDirectory directory;
  const std::string socket = (directory / "s").string();
  const std::string list = R"({"robots":[)" + kMade + "]}";
  {
    CannedServer server(socket, 200, list);
    const Outcome outcome = shale({"robot", "list", "--socket", socket});
    CHECK(outcome.code == kOk);
    CHECK(outcome.out ==
          "NAME  PERMISSIONS          EXPIRES               LAST USED  DESCRIPTION\n"
          "ci    pull,push team-a/**  2026-04-01T00:00:00Z  never\n");
  }
  ::unlink(socket.c_str());
  CannedServer server(socket, 200, list);
  const Outcome outcome = shale({"robot", "list", "--output", "json", "--socket", socket});
  CHECK(Json::parse(outcome.out) == Json::parse(list));
}

TEST_CASE("shale robot rotate: says for how long the former secret counts") {
  const testing::TemporaryDirectory directory;
  const std::string socket = (directory / "s").string();
  CannedServer server(socket, 200, kMade);
  CHECK(shale({"robot", "rotate", "ci", "--keep-former", "1h", "--socket", socket}).out ==
        "shale_x\n");
  const std::string request = server.request();
  CHECK(request.starts_with("POST /api/v1/robots/ci/secret HTTP/1.1\r\n"));
  CHECK(request.ends_with(R"({"keep_former":3600})"));
}

TEST_CASE("shale robot: where no server can be reached, it is said what to do") {
  const testing::TemporaryDirectory directory;
  const Outcome none = shale({"robot", "list", "--data-dir", directory.path().string()});
  CHECK(none.code == kFailure);
  CHECK(has(none.err, "cannot reach a server at " + directory.path().string()));
  CHECK(has(none.err, "is `shale serve` running there"));
  CHECK(has(shale({"robot", "list", "--socket", std::string(200, 'x')}).err, "too long"));
  CHECK(shale({"robot", "create", "ci", "--allow", "pull", "--repositories", "a", "--expires",
               "soon", "--socket", "x"})
            .code == kUsage);
  CHECK(shale({"robot"}).code == kUsage);
  CHECK(shale({"robot", "create", "ci"}).code == kUsage);
}

}  // namespace
}  // namespace shale::cli
