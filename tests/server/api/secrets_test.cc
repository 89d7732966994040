#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "blobstore/guarded.h"
#include "server/api/logged_query.h"
#include "tests/server/api/authenticated.h"
#include "tests/server/api/drivers.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

using std::string;

string form(const string& body) {
  return sized("POST", "/auth/token", body, {"Content-Type: application/x-www-form-urlencoded"});
}

/// A request with `hunter2` in every place where clients have been seen to put secrets,
/// and in some where nobody should.
std::vector<string> requests_with_secrets() {
  string many;
  for (int i = 0; i < 1000; ++i)
    many += "hunter2.";
  const string proxied = get("/v2/", {"Proxy-Authorization: Basic hunter2", "Cookie: hunter2"});
  string form_of_many;
  for (int i = 0; i < 10'000; ++i)
    form_of_many += "hunter2&";
  return {
      get("/v2/?password=hunter2"),
      get("/v2/?hunter2"),
      get("/v2/?pass%77ord=hunter2&n=1"),
      get("/v2/_catalog?n=1&access_token=hunter2"),
      get("/v2/team-a/app/tags/list?n=1&token=hunter2"),
      get("/auth/token?account=hunter2&service=shale&password=hunter2"),
      get("/auth/token?refresh_token=hunter2"),
      get("/nothing?password=hunter2"),
      authorized(basic("hunter2", "hunter2"), get("/v2/")),
      authorized(basic("alice", "hunter2"), get("/v2/team-a/app/tags/list")),
      authorized(basic("hunter2", ""), post("/v2/team-a/app/blobs/uploads/")),
      authorized("Basic hunter2!", get("/v2/")),
      authorized("Basic hunter2", get("/v2/")),
      authorized("Bearer hunter2", get("/v2/")),
      authorized("Bearer hunter2.hunter2.hunter2", get("/v2/")),
      authorized("Bearer " + many, get("/v2/")),
      authorized("Digest username=hunter2", get("/v2/")),
      authorized("hunter2", get("/v2/")),
      authorized("Basic hunter2", authorized("Basic hunter2", get("/v2/"))),
      proxied,
      form("grant_type=password&username=hunter2&password=hunter2&service=shale"),
      form("grant_type=password&username=alice&password=hunter2&scope=hunter2"),
      form("grant_type=refresh_token&refresh_token=hunter2"),
      form("grant_type=hunter2"),
      form("hunter2"),
      form("grant_type=password&username=%zzhunter2"),
      form(form_of_many),
      sized("POST", "/auth/revoke", "token=hunter2",
            {"Content-Type: application/x-www-form-urlencoded"}),
      as("alice", sized("POST", "/api/v1/robots", R"({"name":"x","secret":"hunter2"})",
                        {"Content-Type: application/json"})),
      as("olga", sized("POST", "/api/v1/robots", "hunter2", {"Content-Type: application/json"})),
  };
}

TEST_CASE_TEMPLATE("Secrets: none reaches the log, the audit log or an answer", Driver,
                   API_DRIVERS) {
  Guarded<string> audited;
  log::Logger lines(
      {.format = log::Format::kJson, .level = log::Level::kInfo},
      [&](std::string_view more, const std::stop_token&) { audited.lock()->append(more); });
  const FakeClock clock;
  const api::Audit audit(lines, clock);
  const Gatekeeping gatekeeping(team_rules(), api::Guard::Challenge::kAuto, &audit);
  Driver client(gatekeeping.setup());
  const string encoded = basic("hunter2", "hunter2").substr(std::string_view("Basic ").size());
  const auto is_clean = [&](const string& text) {
    return text.find("hunter2") == string::npos && text.find(encoded) == string::npos;
  };
  for (const string& request : requests_with_secrets()) {
    CAPTURE(request.substr(0, 300));
    const auto answer = client.ask(request);
    CHECK(is_clean(answer.body));
    for (const auto& [name, value] : answer.headers)
      CHECK(is_clean(value));
    CHECK(is_clean(client.log_line(answer)));
  }
  lines.flush(std::chrono::seconds(10));
  CHECK(is_clean(*audited.lock()));
  CHECK(audited.lock()->find("wrong user name or password") != string::npos);
}

TEST_CASE("Secrets: a query is logged as far as it asks for something of this API") {
  using api::logged_query;
  CHECK(logged_query("").empty());
  CHECK(logged_query("n=5&last=app") == "n=5&last=app");
  CHECK(logged_query("scope=repository:a:pull&account=alice&service=shale") ==
        "scope=repository:a:pull&***&service=shale");
  CHECK(logged_query("base=team/base:1&top=5") == "base=team/base:1&top=5");
  CHECK(logged_query("password=x") == "***");
  CHECK(logged_query("N=5") == "***");
  CHECK(logged_query("&&n") == "***&***&n");
}

}  // namespace
}  // namespace shale::testing
