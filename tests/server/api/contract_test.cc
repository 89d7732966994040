#include <set>
#include <span>
#include <string>

#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

#include "blobstore/digest.h"
#include "openapi/document.h"
#include "server/api/routes.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

/// Methods and paths, as `GET /v2/`.
std::set<string> told() {
  const std::set<string> methods = {"get", "head", "post", "put", "patch", "delete", "options"};
  std::set<string> operations;
  for (const auto& path : YAML::Load(string(openapi::document()))["paths"]) {
    for (const auto& member : path.second) {
      auto method = member.first.as<string>();
      if (!methods.contains(method)) continue;
      for (char& c : method)
        c = static_cast<char>(c - 'a' + 'A');
      operations.insert(method + ' ' + path.first.as<string>());
    }
  }
  return operations;
}

std::set<string> served() {
  std::set<string> operations;
  for (const api::Route& route : api::routes())
    operations.insert(string(http::method_name(route.method)) + ' ' + string(route.pattern));
  return operations;
}

TEST_CASE("Contract: it has every route, and nothing that is no route") {
  const auto routes = served();
  const auto operations = told();
  for (const string& route : routes)
    CHECK_MESSAGE(operations.contains(route), route << " is not in openapi.yaml");
  for (const string& operation : operations)
    CHECK_MESSAGE(routes.contains(operation), operation << " is no route");
}

TEST_CASE_TEMPLATE("Contract: it is served as it was built", Driver, API_DRIVERS) {
  Driver api;
  const string digest =
      Digest::of(Algorithm::kSha256, std::as_bytes(std::span(openapi::document()))).str();
  const auto answer = api.ask(get("/openapi.yaml"));
  CHECK(answer.status == 200);
  CHECK(answer.body == openapi::document());
  CHECK(answer.header("Content-Type") == "application/yaml");
  CHECK(answer.header("ETag") == '"' + digest + '"');

  const auto bare = api.ask(head("/openapi.yaml"));
  CHECK(bare.status == 200);
  CHECK(bare.header("Content-Length") == std::to_string(openapi::document().size()));

  const auto again = api.ask(get("/openapi.yaml", {"If-None-Match: \"" + digest + '"'}));
  CHECK(again.status == 304);
  CHECK(again.body.empty());
}

}  // namespace
}  // namespace shale::testing
