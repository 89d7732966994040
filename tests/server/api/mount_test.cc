#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

string mount(const string& into, const Digest& digest, const string& from = "") {
  const string target = "/v2/" + into + "/blobs/uploads/?mount=" + escaped(digest.str());
  return post(from.empty() ? target : target + "&from=" + escaped(from));
}

void check_mounted(Client& api, const WireResponse& answer, const string& into,
                   std::string_view content, const Digest& digest) {
  CHECK(answer.status == 201);
  CHECK(answer.header("Location") == blob_url(into, digest));
  CHECK(answer.header("Docker-Content-Digest") == digest.str());
  CHECK(answer.body.empty());
  CHECK(api.ask(head(blob_url(into, digest))).header("Content-Length") ==
        std::to_string(content.size()));
  CHECK(api.ask(get(answer.header("Location"))).body == content);
}

/// 202, and the upload then takes the blob.
void check_upload_instead(Client& api, const WireResponse& answer, const string& into,
                          std::string_view content, const Digest& digest) {
  CHECK(answer.status == 202);
  CHECK(answer.header("Range") == "0-0");
  CHECK_FALSE(answer.header("Docker-Upload-UUID").empty());
  api.expect(
      {{get(blob_url(into, digest)), 404, "BLOB_UNKNOWN"},
       {sized("PUT", with_query(answer.header("Location"), "digest=" + digest.str()), content),
        201},
       {get(blob_url(into, digest)), 200}});
}

TEST_CASE_TEMPLATE("Mount: a blob of another repository is shown in this one", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    for (const string content : {"a layer", ""}) {
      const Digest digest = api.push_blob("team/base", content, algorithm);
      const string into = "app-" + std::to_string(content.size());
      check_mounted(api, api.ask(mount(into, digest, "team/base")), into, content, digest);
      const string plain = "/v2/" + into + "-plain/blobs/uploads/?from=team/base&mount=";
      check_mounted(api, api.ask(post(plain + digest.str())), into + "-plain", content, digest);
    }
  }
}

TEST_CASE_TEMPLATE("Mount: the blob stays when its source goes", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("base", "a layer");
  REQUIRE(api.ask(mount("app", digest, "base")).status == 201);
  api.expect({{del(blob_url("base", digest)), 202},
              {get(blob_url("base", digest)), 404, "BLOB_UNKNOWN"},
              {get(blob_url("app", digest)), 200}});
}

TEST_CASE_TEMPLATE("Mount: from the same repository, and once more", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", "a layer");
  check_mounted(api, api.ask(mount("app", digest, "app")), "app", "a layer", digest);
  check_mounted(api, api.ask(mount("app", digest, "unknown")), "app", "a layer", digest);
  check_mounted(api, api.ask(mount("other", digest, "app")), "other", "a layer", digest);
  check_mounted(api, api.ask(mount("other", digest, "app")), "other", "a layer", digest);
}

TEST_CASE_TEMPLATE("Mount: without a source any repository will do", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    const Digest digest = api.push_blob("base", "a layer", algorithm);
    const string into = string("app-") + string(algorithm_name(algorithm));
    check_mounted(api, api.ask(mount(into, digest)), into, "a layer", digest);
  }
  const Digest unseen = digest_of("never seen");
  check_upload_instead(api, api.ask(mount("app", unseen)), "app", "never seen", unseen);
}

TEST_CASE_TEMPLATE("Mount: what the source does not have is to be uploaded", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("base", "a layer");
  const Digest unseen = digest_of("never seen");
  api.push_image("empty", "v1", "other");
  check_upload_instead(api, api.ask(mount("a", digest, "unknown")), "a", "a layer", digest);
  check_upload_instead(api, api.ask(mount("b", digest, "empty")), "b", "a layer", digest);
  check_upload_instead(api, api.ask(mount("c", unseen, "base")), "c", "never seen", unseen);
}

TEST_CASE_TEMPLATE("Mount: a manifest is no blob to mount", Driver, API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("base", "v1", "one");
  const auto answer = api.ask(mount("app", image, "base"));
  CHECK(answer.status == 202);
  api.expect({{get(blob_url("app", image)), 404, "BLOB_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Mount: a blob whose bytes were lost is to be uploaded", Driver, API_DRIVERS) {
  Driver api;
  const string content(100'000, 'l');
  const Digest digest = api.push_blob("base", content);
  REQUIRE(api.blobs().remove(digest));
  check_upload_instead(api, api.ask(mount("app", digest, "base")), "app", content, digest);
  api.expect({{get(blob_url("base", digest)), 200}});
}

TEST_CASE_TEMPLATE("Mount: the fallback of a client that sends the blob along", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = digest_of("a layer");
  const string query = "?mount=" + digest.str() + "&from=unknown&digest=" + digest.str();
  const auto answer = api.ask(sized("POST", "/v2/app/blobs/uploads/" + query, "a layer"));
  check_mounted(api, answer, "app", "a layer", digest);
}

TEST_CASE_TEMPLATE("Mount: an upload that was opened in vain can be cancelled", Driver,
                   API_DRIVERS) {
  Driver api;
  const auto answer = api.ask(mount("app", digest_of("a layer"), "base"));
  REQUIRE(answer.status == 202);
  api.expect({{del(answer.header("Location")), 204}});
}

TEST_CASE_TEMPLATE("Mount: bad values are refused", Driver, API_DRIVERS) {
  Driver api;
  const string digest = api.push_blob("base", "a layer").str();
  const string uploads = "/v2/app/blobs/uploads/";
  api.expect(
      {{post(uploads + "?mount=latest&from=base"), 400, "DIGEST_INVALID"},
       {post(uploads + "?mount=&from=base"), 400, "DIGEST_INVALID"},
       {post(uploads + "?mount=blake3:" + string(64, 'a')), 400, "DIGEST_INVALID"},
       {post(uploads + "?mount=" + digest + "&from=Base"), 400, "NAME_INVALID"},
       {post(uploads + "?mount=" + digest + "&from=..%2Fbase"), 400, "NAME_INVALID"},
       {post(uploads + "?mount=" + digest + "&from="), 400, "NAME_INVALID"},
       {post(uploads + "?mount=" + digest + "&from=" + string(256, 'a')), 400, "NAME_INVALID"},
       {post(uploads + "?from=base"), 202}});
}

}  // namespace
}  // namespace shale::testing
