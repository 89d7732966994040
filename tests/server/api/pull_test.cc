#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

TEST_CASE_TEMPLATE("Pull: a manifest comes back byte for byte, by tag and by digest", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_blob("team/app", "{}");
  const string body =
      "{ \"schemaVersion\" :2,\n\t\"config\":" + descriptor(kImageConfig, "{}").substr(0) +
      ", \"layers\": [ ], \"custom\": \"\\u00e9\", \"x\":[null, 1.50e3 ] }\n";
  const Digest digest = api.push_manifest("team/app", "v1", body, kImageManifest);
  for (const string& url : {manifest_url("team/app", "v1"), manifest_url("team/app", digest)}) {
    CAPTURE(url);
    const auto got = api.ask(get(url));
    CHECK(got.status == 200);
    CHECK(got.body == body);
    CHECK(got.header("Content-Type") == kImageManifest);
    CHECK(got.header("Content-Length") == std::to_string(body.size()));
    CHECK(got.header("Docker-Content-Digest") == digest.str());
    CHECK(got.header("ETag") == '"' + digest.str() + '"');

    const auto seen = api.ask(head(url));
    CHECK(seen.status == 200);
    for (const string name : {"Content-Type", "Content-Length", "Docker-Content-Digest", "ETag"}) {
      CHECK(seen.header(name) == got.header(name));
    }
  }
}

TEST_CASE_TEMPLATE("Pull: whatever Accept says, the manifest is answered as it was pushed", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_image("app", "v1", "one");
  const std::vector<std::vector<std::string_view>> accepted = {
      {},
      {"Accept: */*"},
      {"Accept: application/vnd.docker.distribution.manifest.v1+json"},
      {"Accept: application/vnd.oci.image.index.v1+json",
       "Accept: application/vnd.oci.image.manifest.v1+json"},
      {"Accept: text/html;q=0.5, image/png", "Accept-Encoding: gzip, zstd;q=1.0, deflate"}};
  for (const auto& fields : accepted) {
    string request = head_of("GET", manifest_url("app", "v1"));
    for (const std::string_view field : fields)
      request.insert(request.size() - 2, string(field) + "\r\n");
    const auto answer = api.ask(request);
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == kImageManifest);
    CHECK(answer.body == image_manifest("one"));
  }
}

TEST_CASE_TEMPLATE("Pull: a blob comes back whole, and HEAD tells all but the bytes", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}}) {
      string content(size, 'b');
      for (std::size_t i = 0; i < size; ++i)
        content[i] = static_cast<char>(i * 31 + size);
      const Digest digest = api.push_blob("app", content, algorithm);
      CAPTURE(digest.str());
      const auto got = api.ask(get(blob_url("app", digest)));
      CHECK(got.status == 200);
      CHECK(got.body == content);
      CHECK(got.header("Content-Length") == std::to_string(size));
      CHECK(got.header("Content-Type") == "application/octet-stream");
      CHECK(got.header("Docker-Content-Digest") == digest.str());
      CHECK(got.header("ETag") == '"' + digest.str() + '"');
      CHECK(got.header("Accept-Ranges") == "bytes");
      CHECK(got.header("Cache-Control") == "max-age=31536000, immutable");

      const auto seen = api.ask(head(blob_url("app", digest)));
      CHECK(seen.status == 200);
      for (const string name : {"Content-Length", "Content-Type", "Docker-Content-Digest", "ETag",
                                "Accept-Ranges", "Cache-Control"}) {
        CHECK(seen.header(name) == got.header(name));
      }
    }
  }
}

TEST_CASE_TEMPLATE("Pull: what is not there is 404", Driver, API_DRIVERS) {
  Driver api;
  const Digest missing = digest_of("nothing");
  const auto check_missing = [&](const string& name) {
    api.expect(
        {{get(blob_url(name, missing)), 404, "BLOB_UNKNOWN"},
         {head(blob_url(name, missing)), 404},
         {get(manifest_url(name, missing)), 404, "MANIFEST_UNKNOWN"},
         {head(manifest_url(name, missing)), 404},
         {get(manifest_url(name, "none")), 404, "MANIFEST_UNKNOWN"},
         {head(manifest_url(name, "none")), 404},
         {get(manifest_url(name, "sha256-" + missing.hex() + ".sig")), 404, "MANIFEST_UNKNOWN"}});
  };
  check_missing("app");  // nothing was ever pushed
  api.push_image("app", "v1", "one");
  check_missing("app");
  check_missing("app/nested");
}

TEST_CASE_TEMPLATE("Pull: each repository shows only what was pushed to it", Driver, API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  const Digest layer = digest_of("layer of one");
  api.push_image("other", "v1", "two");
  api.expect({{get(blob_url("other", layer)), 404, "BLOB_UNKNOWN"},
              {head(blob_url("other", layer)), 404},
              {get(manifest_url("other", image)), 404, "MANIFEST_UNKNOWN"},
              {get(blob_url("ap", layer)), 404, "BLOB_UNKNOWN"},
              {get(blob_url("app/app", layer)), 404, "BLOB_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Pull: a manifest is no blob, and a blob is no manifest", Driver, API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  api.expect({{get(blob_url("app", image)), 404, "BLOB_UNKNOWN"},
              {get(manifest_url("app", digest_of("layer of one"))), 404, "MANIFEST_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Pull: the proxy hint is ignored", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "v1", "one");
  const auto answer = api.ask(get("/v2/app/manifests/v1?ns=docker.io"));
  CHECK(answer.status == 200);
  CHECK(answer.header("OCI-Namespace").empty());
  api.expect({{get(blob_url("app", digest_of("layer of one")) + "?ns=docker.io"), 200}});
}

TEST_CASE_TEMPLATE("Pull: who has it already is told so with 304", Driver, API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  const Digest layer = digest_of("layer of one");
  struct Thing {
    string url;
    Digest digest;
    std::size_t size;
  };
  for (const Thing& thing : {Thing{manifest_url("app", "v1"), image, image_manifest("one").size()},
                             Thing{manifest_url("app", image), image, image_manifest("one").size()},
                             Thing{blob_url("app", layer), layer, string("layer of one").size()}}) {
    CAPTURE(thing.url);
    const string own = thing.digest.str();
    const string other = digest_of("other").str();
    for (const string method : {"GET", "HEAD"}) {
      const auto status_for = [&](const string& value) {
        return api.ask(head_of(method, thing.url, {"If-None-Match: " + value})).status;
      };
      CHECK(status_for('"' + own + '"') == 304);
      CHECK(status_for("W/\"" + own + '"') == 304);
      CHECK(status_for("*") == 304);
      CHECK(status_for('"' + other + "\", \"" + own + '"') == 304);
      CHECK(status_for('"' + other + '"') == 200);
      CHECK(status_for("\"broken") == 200);

      const auto same = api.ask(head_of(method, thing.url, {"If-None-Match: \"" + own + '"'}));
      CHECK(same.header("ETag") == '"' + own + '"');
      CHECK(same.header("Docker-Content-Digest") == own);
      CHECK(same.header("Content-Length") == std::to_string(thing.size));
    }
  }
  api.expect({{get(manifest_url("app", "none"), {"If-None-Match: *"}), 404, "MANIFEST_UNKNOWN"}});

  api.push_image("app", "v1", "two");
  CHECK(api.ask(get(manifest_url("app", "v1"), {"If-None-Match: \"" + image.str() + '"'})).status ==
        200);
}

}  // namespace
}  // namespace shale::testing
