#include <doctest/doctest.h>

#include "server/api/target.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

/// A request for everything that a repository has.
std::vector<string> requests_for(const string& name) {
  const string base = "/v2/" + name;
  const string digest = digest_of("x").str();
  return {get(base + "/tags/list"),
          get(base + "/manifests/v1"),
          head(base + "/manifests/v1"),
          sized("PUT", base + "/manifests/v1", "{}"),
          del(base + "/manifests/v1"),
          get(base + "/referrers/" + digest),
          get(base + "/blobs/" + digest),
          head(base + "/blobs/" + digest),
          del(base + "/blobs/" + digest),
          post(base + "/blobs/uploads/"),
          post(base + "/blobs/uploads/?mount=" + digest + "&from=app"),
          sized("POST", base + "/blobs/uploads/?digest=" + digest, "x"),
          get(base + "/blobs/uploads/" + UploadId::random().str()),
          sized("PATCH", base + "/blobs/uploads/" + UploadId::random().str(), "x"),
          sized("PUT", base + "/blobs/uploads/x?digest=" + digest, "x"),
          del(base + "/blobs/uploads/x")};
}

TEST_CASE_TEMPLATE("Names: a name outside the grammar is 400 NAME_INVALID everywhere", Driver,
                   API_DRIVERS) {
  Driver api;
  const string long_name = string(127, 'a') + "/" + string(128, 'b');
  REQUIRE(long_name.size() == 256);
  for (const string& name : {string("App"),
                             string("team/App"),
                             string(".."),
                             string("../etc"),
                             string("a/../b"),
                             string("%2e%2e"),
                             string("a/%2E%2e/b"),
                             string("."),
                             string("./a"),
                             string("%2e"),
                             string("_catalog"),
                             string("_app"),
                             string("app_"),
                             string("-app"),
                             string("app-"),
                             string(".app"),
                             string("app."),
                             string("a..b"),
                             string("a___b"),
                             string("a_.b"),
                             string("a.-b"),
                             string("a//b"),
                             string("/a"),
                             string("a/"),
                             string(""),
                             string("/"),
                             string("a%20b"),
                             string("a%40b"),
                             string("a:b"),
                             string("a%3Ab"),
                             string("a+b"),
                             string("a~b"),
                             string("a*b"),
                             string("a%25b"),
                             string("caf%C3%A9"),
                             string("%E2%98%83"),
                             string("%EF%BC%8E%EF%BC%8E"),
                             long_name,
                             string(256, 'a')}) {
    for (const string& request : requests_for(name)) {
      api.expect({{request, 400, request.starts_with("HEAD") ? "" : "NAME_INVALID"}});
    }
  }
}

TEST_CASE_TEMPLATE("Names: a path that could mean another one when decoded is 400", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const string& name :
       {string("a%2Fb"), string("a%2fb"), string("..%2f..%2fetc"), string("a%5Cb"), string("a%00b"),
        string("a%00"), string("a%0Ab"), string("a%0D%0AX-Evil:%201"), string("a%7Fb"),
        string("%FF"), string("%C0%AE%C0%AE"), string("%C0%AF"), string("a%80"),
        string("%ED%A0%80"), string("%F5%80%80%80"), string("%E2%98")}) {
    for (const string& request : requests_for(name)) {
      api.expect({{request, 400, request.starts_with("HEAD") ? "" : "NAME_INVALID"}});
    }
  }
  // What is no URI does not even get as far as the path.
  for (const char* const name : {"a\\b", "a\"b", "caf\xC3\xA9", "\xFF", "a%", "a%2", "a%zz"}) {
    api.expect({{get("/v2/" + string(name) + "/tags/list"), 400, "UNSUPPORTED"}});
  }
}

TEST_CASE_TEMPLATE("Names: the longest, the deepest and the oddest allowed names work", Driver,
                   API_DRIVERS) {
  Driver api;
  string deep = "a";
  while (deep.size() < 255)
    deep += "/a";
  REQUIRE(deep.size() == 255);
  for (const string& name : {string(255, 'a'), deep, string("0"), string("a.b_c__d-e---f/0.1"),
                             string("library/sha256"), string("a%62c"), string("%61/v2/b")}) {
    CAPTURE(name);
    const Digest digest = api.push_image(name, "v1", name);
    CHECK(api.ask(get(manifest_url(name, "v1"))).header("Docker-Content-Digest") == digest.str());
    CHECK(api.ask(get("/v2/" + name + "/tags/list")).status == 200);
  }
  CHECK(api.ask(get("/v2/abc/manifests/v1")).status == 200);
  CHECK(api.ask(get("/v2/a/v2/b/manifests/v1")).status == 200);
}

TEST_CASE_TEMPLATE("Names: parts called like the parts of our paths work at every place", Driver,
                   API_DRIVERS) {
  Driver api;
  std::vector<string> names;
  for (const string word : {"blobs", "manifests", "tags", "uploads", "list", "referrers", "v2"}) {
    for (const string& name :
         {word, word + "/app", "app/" + word, "app/" + word + "/app", word + "/" + word}) {
      names.push_back(name);
    }
  }
  for (const string name : {"tags/list", "app/tags/list", "blobs/uploads", "app/blobs/uploads",
                            "app/blobs/uploads/manifests", "app/manifests/blobs/uploads",
                            "app/tags/list/manifests", "v2/v2/tags/list", "uploads/blobs"}) {
    names.push_back(name);
  }
  for (const string& name : names) {
    CAPTURE(name);
    const Digest digest = api.push_image(name, "list", name);
    CHECK(api.ask(get(manifest_url(name, "list"))).body == image_manifest(name));
    CHECK(api.ask(get(blob_url(name, digest_of("layer of " + name)))).body == "layer of " + name);
    CHECK(api.ask(get("/v2/" + name + "/tags/list")).body ==
          R"({"name":")" + name + R"(","tags":["list"]})");
    CHECK(api.ask(get("/v2/" + name + "/referrers/" + digest.str())).status == 200);
    const string upload = api.start_upload(name);
    CHECK(upload.starts_with("/v2/" + name + "/blobs/uploads/"));
    api.expect({{sized("PATCH", upload, "abc"), 202}, {get(upload), 204}, {del(upload), 204}});
  }
  // Each of them has its own, and none answers for another.
  api.expect({{get("/v2/app/manifests/list"), 404, "MANIFEST_UNKNOWN"},
              {get("/v2/app/tags/list"), 404, "NAME_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Names: tags called like parts of our paths work", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("app", "", "one");
  for (const string tag : {"list", "tags", "uploads", "blobs", "manifests", "_catalog", "_", "0",
                           "v1.0-rc_1", "UPPER", "sha256-abc.sig"}) {
    CAPTURE(tag);
    api.push_manifest("app", tag, image_manifest("one"), kImageManifest);
    CHECK(api.ask(head(manifest_url("app", tag))).header("Docker-Content-Digest") == digest.str());
  }
  const string longest(128, 't');
  api.push_manifest("app", longest, image_manifest("one"), kImageManifest);
  CHECK(api.ask(get(manifest_url("app", longest))).status == 200);
}

TEST_CASE_TEMPLATE("Names: a tag that cannot exist is unknown to readers and invalid to writers",
                   Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "v1", "one");
  for (const string& tag : {string(".INVALID_MANIFEST_NAME"), string("-v1"), string(".."),
                            string("."), string("%2e%2e"), string("v1%20"), string("v@1"),
                            string("v+1"), string("caf%C3%A9"), string(129, 't'), string("")}) {
    const string url = manifest_url("app", tag);
    api.expect({{get(url), 404, "MANIFEST_UNKNOWN"},
                {head(url), 404},
                {del(url), 404, "MANIFEST_UNKNOWN"},
                {sized("PUT", url, image_manifest("one"),
                       {"Content-Type: application/vnd.oci.image.manifest.v1+json"}),
                 400, "NAME_INVALID"}});
  }
}

TEST_CASE_TEMPLATE("Names: a malformed digest is 400 DIGEST_INVALID", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "v1", "one");
  const string hex(64, 'a');
  for (const string& digest :
       {string("sha256:baddigeststring"), string("sha256:totallywrong"), string("sha256:"),
        ":" + hex, string(":"), "sha256:" + string(64, 'A'), "sha256:" + hex + "a",
        "sha256:" + hex.substr(1), "SHA256:" + hex, "sha256:" + string(64, 'g'), "sha512:" + hex,
        "blake3:" + hex, "md5:" + string(32, 'a'), "sha256+b64:" + hex, "sha256::" + hex,
        "sha256:" + hex + "%20", "sha256:..%2e" + hex.substr(4)}) {
    const string escaped_digest = escaped(digest);
    const string upload = api.start_upload("app");
    api.expect(
        {{get("/v2/app/blobs/" + digest), 400, "DIGEST_INVALID"},
         {head("/v2/app/blobs/" + digest), 400},
         {del("/v2/app/blobs/" + digest), 400, "DIGEST_INVALID"},
         {get("/v2/app/manifests/" + digest), 400, "DIGEST_INVALID"},
         {head("/v2/app/manifests/" + digest), 400},
         {sized("PUT", "/v2/app/manifests/" + digest, image_manifest("one")), 400,
          "DIGEST_INVALID"},
         {del("/v2/app/manifests/" + digest), 400, "DIGEST_INVALID"},
         {get("/v2/app/referrers/" + digest), 400, "DIGEST_INVALID"},
         {sized("POST", "/v2/app/blobs/uploads/?digest=" + escaped_digest, "x"), 400,
          "DIGEST_INVALID"},
         {post("/v2/app/blobs/uploads/?mount=" + escaped_digest), 400, "DIGEST_INVALID"},
         {sized("PUT", with_query(upload, "digest=" + escaped_digest), "x"), 400, "DIGEST_INVALID"},
         {get(upload), 204}});
  }
  api.expect({{get("/v2/app/blobs/latest"), 400, "DIGEST_INVALID"},
              {get("/v2/app/blobs/"), 400, "DIGEST_INVALID"},
              {get("/v2/app/referrers/latest"), 400, "DIGEST_INVALID"},
              {post("/v2/app/blobs/uploads/?digest="), 400, "DIGEST_INVALID"},
              {post("/v2/app/blobs/uploads/?digest"), 400, "DIGEST_INVALID"}});
}

TEST_CASE_TEMPLATE("Names: an escaped colon is a colon, in paths and in queries", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  const Digest blob = digest_of("layer of one");
  for (const string colon : {"%3A", "%3a"}) {
    const auto written = [&](const Digest& digest) { return "sha256" + colon + digest.hex(); };
    api.expect(
        {{get("/v2/app/blobs/" + written(blob)), 200},
         {head("/v2/app/manifests/" + written(image)), 200},
         {get("/v2/app/referrers/" + written(image)), 200},
         {post("/v2/app/blobs/uploads/?mount=" + written(blob) + "&from=app"), 201},
         {sized("POST", "/v2/app/blobs/uploads/?digest=" + written(digest_of("x")), "x"), 201}});
  }
}

TEST_CASE_TEMPLATE("Names: a query that is not UTF-8 is 400", Driver, API_DRIVERS) {
  Driver api;
  for (const string query : {"n=%FF", "last=%C0%AF", "x=%00", "artifactType=%0A", "%80"}) {
    api.expect({{get("/v2/_catalog?" + query), 400, "UNSUPPORTED"},
                {post("/v2/app/blobs/uploads/?" + query), 400, "UNSUPPORTED"}});
  }
  api.expect({{get("/v2/_catalog?unknown=parameter&&ns=docker.io"), 200}});
}

TEST_CASE("Target: is read from the right-hand end") {
  using api::Resource;
  const auto name_of = [](std::string_view path, Resource resource) {
    const auto target = api::parse_target(path);
    REQUIRE(target);
    CHECK(target->resource == resource);
    return target->name + "|" + target->item;
  };
  CHECK(name_of("/v2/a/blobs/uploads", Resource::kUploads) == "a|");
  CHECK(name_of("/v2/a/blobs/uploads/", Resource::kUploads) == "a|");
  CHECK(name_of("/v2/a/blobs/uploads/b", Resource::kUpload) == "a|b");
  CHECK(name_of("/v2/a/blobs/uploads/manifests/b", Resource::kManifest) == "a/blobs/uploads|b");
  CHECK(name_of("/v2/a/manifests/tags/list", Resource::kTags) == "a/manifests|");
  CHECK(name_of("/v2/a/blobs/blobs/uploads", Resource::kUploads) == "a/blobs|");
  CHECK(name_of("/v2//manifests/b", Resource::kManifest) == "|b");
  CHECK(name_of("/v2/_catalog/tags/list", Resource::kTags) == "_catalog|");
  CHECK(name_of("/v2/_catalog", Resource::kCatalog) == "|");
  CHECK_FALSE(api::parse_target("/v2/uploads/b"));
  CHECK_FALSE(api::parse_target("/v2/a/uploads/b"));
}

}  // namespace
}  // namespace shale::testing
