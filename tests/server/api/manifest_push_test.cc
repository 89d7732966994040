#include <algorithm>

#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

constexpr std::string_view kImageType = "Content-Type: application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kIndexType = "Content-Type: application/vnd.oci.image.index.v1+json";

string index_of(std::initializer_list<string> descriptors, const string& more = "") {
  string list;
  for (const string& descriptor : descriptors)
    list += (list.empty() ? "" : ",") + descriptor;
  return R"({"schemaVersion":2,"mediaType":")" + string(kImageIndex) + R"(","manifests":[)" + list +
         "]" + more + "}";
}

/// An image manifest whose config is pushed to `repository`, with further members.
string image_with(Client& api, const string& repository, const string& more) {
  api.push_blob(repository, "{}");
  return R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","config":)" +
         descriptor("application/vnd.oci.empty.v1+json", "{}") + "," + more + "}";
}

string subject_member(const Digest& digest, std::size_t size) {
  return R"("subject":{"mediaType":")" + string(kImageManifest) + R"(","digest":")" + digest.str() +
         R"(","size":)" + std::to_string(size) + "}";
}

TEST_CASE_TEMPLATE("Manifest push: by tag and by digest, sized and in chunks", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("team/app", "", "one");
  const string body = image_manifest("one");
  for (const string& reference : {string("v1"), digest.str(), escaped(digest.str())}) {
    const string url = manifest_url("team/app", reference);
    for (const string& request :
         {sized("PUT", url, body, {kImageType}), chunked("PUT", url, body, {kImageType}, 100)}) {
      const auto put = api.ask(request);
      CHECK(put.status == 201);
      CHECK(put.header("Location") == manifest_url("team/app", digest));
      CHECK(put.header("Docker-Content-Digest") == digest.str());
      CHECK(put.header("ETag") == '"' + digest.str() + '"');
      CHECK(put.header("Content-Length") == "0");
      CHECK(put.header("OCI-Tag").empty());
      CHECK(put.header("OCI-Subject").empty());
      CHECK(put.header("Warning").empty());
      const auto got = api.ask(get(put.header("Location")));
      CHECK(got.body == body);
      CHECK(got.header("Content-Type") == kImageManifest);
    }
  }
}

TEST_CASE_TEMPLATE("Manifest push: the type is kept without its parameters", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  for (const string type : {"application/vnd.oci.image.manifest.v1+json; charset=utf-8",
                            "application/vnd.oci.image.manifest.v1+json ;x=y", "application/json",
                            "application/json; charset=utf-8", ""}) {
    CAPTURE(type);
    api.push_manifest("app", "v1", image_manifest("one"), type);
    CHECK(api.ask(get(manifest_url("app", "v1"))).header("Content-Type") == kImageManifest);
  }
  CHECK(api.ask(sized("PUT", manifest_url("app", "v1"), image_manifest("one"))).status == 201);
}

TEST_CASE_TEMPLATE("Manifest push: the type comes back with its capitals", Driver, API_DRIVERS) {
  Driver api;
  const Digest subject = api.push_image("app", "", "one");
  const string type = "Application/vnd.Example.Thing+JSON";
  const string thing = R"({"mediaType":"application/vnd.example.thing+json","subject":)" +
                       descriptor(kImageManifest, image_manifest("one")) + "}";
  const Digest digest = api.push_manifest("app", "v1", thing, type + "; charset=utf-8");
  CHECK(api.ask(get(manifest_url("app", "v1"))).header("Content-Type") == type);
  CHECK(api.ask(head(manifest_url("app", digest))).header("Content-Type") == type);
  const auto referrers = api.ask(get("/v2/app/referrers/" + subject.str()));
  CHECK(referrers.body.find(R"("mediaType":")" + type + '"') != string::npos);

  api.push_manifest("app", "v2", image_manifest("one"),
                    "application/vnd.OCI.image.manifest.v1+json");
  CHECK(api.ask(get(manifest_url("app", "v2"))).header("Content-Type") ==
        "application/vnd.OCI.image.manifest.v1+json");
}

TEST_CASE_TEMPLATE("Manifest push: a tag moves, and what it left stays by its digest", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest first = api.push_image("app", "v1", "one");
  const Digest second = api.push_image("app", "v1", "two");
  CHECK(api.ask(get(manifest_url("app", "v1"))).header("Docker-Content-Digest") == second.str());
  api.expect({{get(manifest_url("app", first)), 200}});
  api.push_manifest("app", "v1", image_manifest("one"), kImageManifest);
  CHECK(api.ask(get(manifest_url("app", "v1"))).header("Docker-Content-Digest") == first.str());
}

TEST_CASE_TEMPLATE("Manifest push: tag parameters tag it, and OCI-Tag says so", Driver,
                   API_DRIVERS) {
  Driver api;
  const string body = image_manifest("one");
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    const string name = "app-" + string(algorithm_name(algorithm));
    api.push_image(name, "", "one");
    const Digest digest = digest_of(body, algorithm);
    string target = manifest_url(name, digest) + "?tag=t0";
    for (int i = 1; i < 12; ++i)
      target += "&tag=t" + std::to_string(i);
    const auto put = api.ask(chunked("PUT", target + "&tag=t0", body, {kImageType}));
    CHECK(put.status == 201);
    CHECK(put.header("Docker-Content-Digest") == digest.str());
    const auto tags = put.headers.find_all("OCI-Tag");
    CHECK(tags.size() == 12);
    for (int i = 0; i < 12; ++i) {
      const string tag = "t" + std::to_string(i);
      CHECK(std::ranges::find(tags, tag) != tags.end());
      for (const string& request : {get(manifest_url(name, tag)), head(manifest_url(name, tag))}) {
        CHECK(api.ask(request).header("Docker-Content-Digest") == digest.str());
      }
    }
    CHECK(api.ask(get("/v2/" + name + "/tags/list?n=3")).body ==
          R"({"name":")" + name + R"(","tags":["t0","t1","t10"]})");
  }
}

TEST_CASE_TEMPLATE("Manifest push: tag parameters that are too many, no tags or beside a tag",
                   Driver, API_DRIVERS) {
  Setup setup;
  setup.registry.tags_per_push = 10;
  Driver api(setup);
  const Digest digest = api.push_image("app", "", "one");
  const string body = image_manifest("one");
  string ten = manifest_url("app", digest) + "?tag=t0";
  for (int i = 1; i < 10; ++i)
    ten += "&tag=t" + std::to_string(i);
  api.expect({{sized("PUT", ten + "&tag=t10", body, {kImageType}), 414, "MANIFEST_INVALID"},
              {get("/v2/app/tags/list?n=0"), 200},
              {get(manifest_url("app", "t0")), 404, "MANIFEST_UNKNOWN"},
              {sized("PUT", ten + "&tag=t1", body, {kImageType}), 201},
              {sized("PUT", ten + "&tag=-bad", body, {kImageType}), 400, "NAME_INVALID"},
              {sized("PUT", manifest_url("app", digest) + "?tag=", body, {kImageType}), 400,
               "NAME_INVALID"},
              {sized("PUT", manifest_url("app", "v1") + "?tag=v2", body, {kImageType}), 400,
               "UNSUPPORTED"},
              {get(manifest_url("app", "v1")), 404, "MANIFEST_UNKNOWN"}});
  string long_target = manifest_url("app", digest) + "?tag=a";
  while (long_target.size() < 8300)
    long_target += "&tag=" + string(100, 'a');
  api.expect({{sized("PUT", long_target, body, {kImageType}), 414, "UNSUPPORTED"}});
}

TEST_CASE_TEMPLATE("Manifest push: sha512 all the way", Driver, API_DRIVERS) {
  Driver api;
  api.push_blob("app", "config", Algorithm::kSha512);
  api.push_blob("app", "layer", Algorithm::kSha512);
  const string image = R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) +
                       R"(","config":)" + descriptor(kImageConfig, "config", Algorithm::kSha512) +
                       R"(,"layers":[)" + descriptor(kImageLayer, "layer", Algorithm::kSha512) +
                       "]}";
  const string index = index_of({descriptor(kImageManifest, image, Algorithm::kSha512)});
  for (const auto& [body, type] : {std::pair(image, kImageType), std::pair(index, kIndexType)}) {
    const Digest digest = digest_of(body, Algorithm::kSha512);
    const auto put = api.ask(chunked("PUT", manifest_url("app", digest), body, {type}));
    CHECK(put.status == 201);
    CHECK(put.header("Docker-Content-Digest") == digest.str());
    CHECK(put.header("Location") == manifest_url("app", digest));
    const auto got = api.ask(get(put.header("Location")));
    CHECK(got.body == body);
    CHECK(got.header("Docker-Content-Digest") == digest.str());
    api.expect({{get(manifest_url("app", digest_of(body))), 404, "MANIFEST_UNKNOWN"}});
  }
  // A tag says nothing of an algorithm, so it is sha256.
  api.push_manifest("app", "v1", image, kImageManifest);
  CHECK(api.ask(head(manifest_url("app", "v1"))).header("Docker-Content-Digest") ==
        digest_of(image).str());
}

TEST_CASE_TEMPLATE("Manifest push: what the spec lets a manifest be", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  const string child = descriptor(kImageManifest, image_manifest("one"));
  const string config = descriptor(kImageConfig, "config of one");
  const string unknown = "application/vnd.example.unknown.v7";
  const string nested = index_of({child});
  api.push_manifest("app", "", nested, kImageIndex);
  const string docker = R"({"schemaVersion":2,"mediaType":")" + string(kDockerManifest) +
                        R"(","config":)" + config + R"(,"layers":[)";
  const auto never_pushed = [](const string& type) {
    string text = descriptor(type, "never pushed");
    text.insert(text.size() - 1, R"(,"urls":["https://example.com/layer"])");
    return text;
  };
  const string oci = "application/vnd.oci.image.layer.nondistributable.v1.tar";
  struct Case {
    string what;
    std::string_view type;
    string body;
  };
  const std::vector<Case> cases = {
      {"no layers", kImageManifest, image_with(api, "app", R"("layers":[])")},
      {"no layers in Go's words", kImageManifest, image_with(api, "app", R"("layers":null)")},
      {"no mediaType in the body", kImageManifest,
       R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[]})"},
      {"empty index", kImageIndex, index_of({})},
      {"index without mediaType", kImageIndex, R"({"schemaVersion":2,"manifests":[]})"},
      {"index of an index", kImageIndex, index_of({descriptor(kImageIndex, nested)})},
      {"index of blobs, as of a build cache", kImageIndex,
       index_of({descriptor(kImageLayer, "layer of one"),
                 descriptor("application/vnd.buildkit.cacheconfig.v0", "config of one")})},
      {"artifact of unknown types", kImageManifest,
       R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","artifactType":")" +
           unknown + R"(","config":)" + descriptor(unknown, "config of one") + R"(,"layers":[)" +
           descriptor(unknown, "config of one") + "]}"},
      {"unknown members", kImageManifest,
       image_with(api, "app", R"("layers":[],"newUnspecifiedField":{"a":[1,2.5e3,null,true]})")},
      {"data in a descriptor", kImageManifest,
       image_with(api, "app",
                  R"("layers":[{"mediaType":"text/plain","size":2,"data":"e30=",
         "newUnspecifiedField":1,"digest":")" +
                      digest_of("{}").str() + "\"}]")},
      {"non-distributable layers", kImageManifest,
       image_with(api, "app",
                  R"("layers":[)" + never_pushed(oci) + "," + never_pushed(oci + "+gzip") + "," +
                      never_pushed(oci + "+zstd") + "]")},
      {"Docker's foreign layers", kDockerManifest,
       docker + never_pushed("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip") + "]}"},
      {"Docker schema 2", kDockerManifest,
       docker + descriptor(kDockerLayer, "layer of one") + "]}"},
      {"Docker manifest list", kDockerList,
       R"({"schemaVersion":2,"mediaType":")" + string(kDockerList) + R"(","manifests":[)" + child +
           "]}"},
      {"the withdrawn artifact manifest", "application/vnd.oci.artifact.manifest.v1+json",
       R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":")" +
           unknown + R"(","blobs":[)" + descriptor(unknown, "layer of one") + "]}"},
      {"a manifest type that nobody knows", "application/vnd.example.thing.v1+json",
       R"({"hello":"world"})"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    const string content_type = "Content-Type: " + string(one.type);
    const auto put = api.ask(chunked("PUT", manifest_url("app", "case"), one.body, {content_type}));
    INFO("answer: ", put.body);
    CHECK(put.status == 201);
    CHECK(put.header("Docker-Content-Digest") == digest_of(one.body).str());
    const auto got = api.ask(get(manifest_url("app", "case")));
    CHECK(got.body == one.body);
    CHECK(got.header("Content-Type") == one.type);
  }
}

TEST_CASE_TEMPLATE("Manifest push: OCI-Subject names the subject, be it there or not", Driver,
                   API_DRIVERS) {
  Driver api;
  const string subject = image_manifest("one");
  const string image = image_with(
      api, "app", R"("layers":[],)" + subject_member(digest_of(subject), subject.size()));
  const string index = index_of({}, "," + subject_member(digest_of(subject), subject.size()));
  const string text = digest_of(subject).str();
  const auto push = [&](const string& reference, const string& body, std::string_view type) {
    const auto put = api.ask(sized("PUT", manifest_url("app", reference), body, {type}));
    CHECK(put.status == 201);
    CHECK(put.header("OCI-Subject") == text);
    return put.header("Warning");
  };
  const string warning = "299 - \"the subject " + text + " is not in this repository yet\"";
  for (int again = 0; again < 2; ++again) {
    CHECK(push(digest_of(image).str(), image, kImageType) == warning);
    CHECK(push("tagged", image, kImageType) == warning);
    CHECK(push(digest_of(index, Algorithm::kSha512).str(), index, kIndexType) == warning);
  }
  api.push_image("app", "", "one");
  CHECK(push("tagged", image, kImageType).empty());
  CHECK(push(digest_of(index).str(), index, kIndexType).empty());
}

TEST_CASE_TEMPLATE("Manifest push: up to the limit, and not beyond", Driver, API_DRIVERS) {
  Setup setup;
  Driver api(setup);
  const string frame = image_with(api, "app", R"("layers":[],"annotations":{"a":""})");
  const auto sized_to = [&](std::size_t size) {
    string body = frame;
    return body.insert(body.rfind('"'), string(size - frame.size(), 'x'));
  };
  const string url = manifest_url("app", "big");
  for (const std::size_t size : {std::size_t{3'910'601}, setup.registry.manifest_bytes}) {
    const string body = sized_to(size);
    REQUIRE(body.size() == size);
    api.expect({{sized("PUT", url, body, {kImageType}), 201},
                {chunked("PUT", url, body, {kImageType}, 100'000), 201}});
    CHECK(api.ask(get(url)).body == body);
  }
  const string body = sized_to(setup.registry.manifest_bytes + 1);
  for (const string& request :
       {sized("PUT", url, body, {kImageType}), chunked("PUT", url, body, {kImageType}, 100'000)}) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 413);
    CHECK(wire_codes(answer) == "MANIFEST_INVALID");
    CHECK(answer.body.find("4194304") != string::npos);
  }
  api.expect({{get("/v2/"), 200}});
}

TEST_CASE_TEMPLATE("Manifest push: a sparse one is taken where that is allowed", Driver,
                   API_DRIVERS) {
  Setup setup;
  setup.registry.allow_sparse = true;
  Driver api(setup);
  const Digest image = api.push_manifest("app", "v1", image_manifest("one"), kImageManifest);
  const string index = index_of({descriptor(kImageManifest, "absent")});
  api.push_manifest("app", "v2", index, kImageIndex);
  api.expect({{get(manifest_url("app", image)), 200},
              {get(blob_url("app", digest_of("layer of one"))), 404, "BLOB_UNKNOWN"}});
}

}  // namespace
}  // namespace shale::testing
