#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

/// team: 10 bytes; every other namespace is free.
Setup full_at_ten() {
  Setup setup;
  setup.registry.quotas = {{"team", 10, std::nullopt}};
  return setup;
}

string monolithic(const string& repository, const string& content) {
  return sized("POST", "/v2/" + repository + "/blobs/uploads/?digest=" + digest_of(content).str(),
               content);
}

void check_full(const WireResponse& answer, const string& numbers) {
  CHECK(answer.status == 403);
  CHECK(wire_codes(answer) == "DENIED");
  // In the message too, for some clients show no detail.
  CHECK(answer.body.find("\"message\":\"the namespace team may hold 10 bytes and holds ") !=
        string::npos);
  CHECK(answer.body.find("the namespace team may hold 10 bytes and holds " + numbers) !=
        string::npos);
}

TEST_CASE_TEMPLATE("Quota: an upload that says its length is refused before its bytes are sent",
                   Driver, API_DRIVERS) {
  Driver api(full_at_ten());
  api.push_blob("team/a", "1234567");
  check_full(api.ask(monolithic("team/b", "1234")), "7: no room for 4 more");
  CHECK(api.ask(monolithic("free/b", "1234")).status == 201);

  const string upload = api.start_upload("team/b");
  check_full(api.ask(sized("PATCH", upload, "1234")), "7: no room for 4 more");
  CHECK(api.ask(sized("PATCH", upload, "12")).status == 202);
  check_full(api.ask(sized("PATCH", upload, "34")), "7: no room for 4 more");
  const string digest = "digest=" + digest_of("1234").str();
  check_full(api.ask(sized("PUT", with_query(upload, digest), "34")), "7: no room for 4 more");
  // The upload is there still, and takes what there is room for.
  CHECK(api.ask(sized("PUT", with_query(upload, "digest=" + digest_of("123").str()), "3")).status ==
        201);
}

TEST_CASE_TEMPLATE("Quota: an upload of unknown length is refused when it ends, and nothing stays",
                   Driver, API_DRIVERS) {
  Driver api(full_at_ten());
  const string content = "12345678901";
  const string digest = digest_of(content).str();
  const string upload = api.start_upload("team/a");
  CHECK(api.ask(chunked("PATCH", upload, content)).status == 202);
  check_full(api.ask(sized("PUT", with_query(upload, "digest=" + digest), "")),
             "0: no room for 11 more");
  check_full(api.ask(chunked("PUT", with_query(upload, "digest=" + digest), "")),
             "0: no room for 11 more");
  CHECK(error_code(api.blobs().size(digest_of(content))) == Errc::kBlobUnknown);
  CHECK(api.ask(del(upload)).status == 204);
}

TEST_CASE_TEMPLATE("Quota: a blob that the repository has may be pushed again, however full it is",
                   Driver, API_DRIVERS) {
  Driver api(full_at_ten());
  const string content = "1234567890";
  api.push_blob("team/a", content);
  CHECK(api.ask(monolithic("team/a", content)).status == 201);
  const string upload = api.start_upload("team/a");
  CHECK(api.ask(sized("PATCH", upload, content)).status == 202);
  CHECK(
      api.ask(sized("PUT", with_query(upload, "digest=" + digest_of(content).str()), "")).status ==
      201);
  api.push_blob("team/a", content);
  check_full(api.ask(monolithic("team/b", content)), "10: no room for 10 more");
}

}  // namespace
}  // namespace shale::testing
