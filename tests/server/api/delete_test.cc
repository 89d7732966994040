#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

TEST_CASE_TEMPLATE("Delete: a tag goes alone", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("app", "v1", "one");
  api.push_manifest("app", "v2", image_manifest("one"), kImageManifest);
  const auto answer = api.ask(del(manifest_url("app", "v1")));
  CHECK(answer.status == 202);
  CHECK(answer.body.empty());
  api.expect({{get(manifest_url("app", "v1")), 404, "MANIFEST_UNKNOWN"},
              {head(manifest_url("app", "v1")), 404},
              {del(manifest_url("app", "v1")), 404, "MANIFEST_UNKNOWN"},
              {get(manifest_url("app", "v2")), 200},
              {get(manifest_url("app", digest)), 200},
              {del(manifest_url("app", "v2")), 202},
              {get(manifest_url("app", digest)), 200}});
  CHECK(api.ask(get("/v2/app/tags/list")).body == R"({"name":"app","tags":[]})");
}

TEST_CASE_TEMPLATE("Delete: a digest takes its tags along", Driver, API_DRIVERS) {
  Driver api;
  const Digest first = api.push_image("app", "v1", "one");
  api.push_manifest("app", "latest", image_manifest("one"), kImageManifest);
  const Digest second = api.push_image("app", "v2", "two");
  api.push_image("other", "v1", "one");
  api.expect({{del(manifest_url("app", first)), 202},
              {get(manifest_url("app", first)), 404, "MANIFEST_UNKNOWN"},
              {head(manifest_url("app", "v1")), 404},
              {get(manifest_url("app", "latest")), 404, "MANIFEST_UNKNOWN"},
              {get(manifest_url("app", second)), 200},
              {get(manifest_url("app", "v2")), 200},
              {get(manifest_url("other", first)), 200},
              {get(manifest_url("other", "v1")), 200},
              {del(manifest_url("app", first)), 404, "MANIFEST_UNKNOWN"},
              {del("/v2/app/manifests/" + escaped(second.str())), 202}});
  CHECK(api.ask(get("/v2/app/tags/list")).body == R"({"name":"app","tags":[]})");
}

TEST_CASE_TEMPLATE("Delete: a manifest under sha512", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  const string body = image_manifest("one");
  const Digest digest = digest_of(body, Algorithm::kSha512);
  api.expect({{sized("PUT", manifest_url("app", digest) + "?tag=v1", body,
                     {"Content-Type: application/vnd.oci.image.manifest.v1+json"}),
               201},
              {del(manifest_url("app", digest)), 202},
              {head(manifest_url("app", digest)), 404},
              {head(manifest_url("app", "v1")), 404},
              {head(manifest_url("app", digest_of(body))), 200}});
}

TEST_CASE_TEMPLATE("Delete: a pushed, deleted and pushed manifest is back", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("app", "v1", "one");
  api.expect({{del(manifest_url("app", digest)), 202}});
  api.push_manifest("app", "v1", image_manifest("one"), kImageManifest);
  CHECK(api.ask(get(manifest_url("app", "v1"))).body == image_manifest("one"));
}

TEST_CASE_TEMPLATE("Delete: an index before and after its children", Driver, API_DRIVERS) {
  Driver api;
  const Digest child = api.push_image("app", "", "one");
  const string index = R"({"schemaVersion":2,"manifests":[)" +
                       descriptor(kImageManifest, image_manifest("one")) + "]}";
  const Digest parent = api.push_manifest("app", "v1", index, kImageIndex);
  api.expect({{del(manifest_url("app", parent)), 202},
              {get(manifest_url("app", child)), 200},
              {del(manifest_url("app", child)), 202}});
}

TEST_CASE_TEMPLATE("Delete: a blob goes at once, from this repository alone", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", "{}");
  api.push_blob("other", "{}");
  const auto answer = api.ask(del(blob_url("app", digest)));
  CHECK(answer.status == 202);
  CHECK(answer.body.empty());
  api.expect({{get(blob_url("app", digest)), 404, "BLOB_UNKNOWN"},
              {head(blob_url("app", digest)), 404},
              {del(blob_url("app", digest)), 404, "BLOB_UNKNOWN"},
              {get(blob_url("other", digest)), 200},
              {del("/v2/other/blobs/" + escaped(digest.str())), 202}});
  api.push_blob("app", "{}");
  api.expect({{get(blob_url("app", digest)), 200}});
}

TEST_CASE_TEMPLATE("Delete: a blob that a manifest needs stays until that is gone", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  for (const string content : {"config of one", "layer of one"}) {
    const auto refused = api.ask(del(blob_url("app", digest_of(content))));
    CHECK(refused.status == 405);
    CHECK(wire_codes(refused) == "UNSUPPORTED");
    CHECK(refused.header("Allow") == "GET, HEAD");
    api.expect({{get(blob_url("app", digest_of(content))), 200}});
  }
  api.expect({{del(manifest_url("app", "v1")), 202},
              {del(blob_url("app", digest_of("layer of one"))), 405, "UNSUPPORTED"},
              {del(manifest_url("app", image)), 202},
              {del(blob_url("app", digest_of("layer of one"))), 202},
              {del(blob_url("app", digest_of("config of one"))), 202},
              {get("/v2/app/tags/list"), 404, "NAME_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Delete: what is not there is 404", Driver, API_DRIVERS) {
  Driver api;
  const Digest missing = digest_of("missing");
  const auto check_missing = [&] {
    api.expect({{del(manifest_url("app", "none")), 404, "MANIFEST_UNKNOWN"},
                {del(manifest_url("app", missing)), 404, "MANIFEST_UNKNOWN"},
                {del(blob_url("app", missing)), 404, "BLOB_UNKNOWN"}});
  };
  check_missing();
  const Digest image = api.push_image("app", "v1", "one");
  check_missing();
  api.expect({{del(blob_url("app", image)), 404, "BLOB_UNKNOWN"},
              {del(manifest_url("app", digest_of("layer of one"))), 404, "MANIFEST_UNKNOWN"}});
}

struct Switch {
  bool registry::Deletes::* off;
  std::string_view setting;
  std::string_view allow;  ///< what the refusal says of the other methods
};

/// That a client of a registry with this one switch off meets a refusal that names
/// it, and only where it has a say.
template <class Driver>
void check_switch(const Switch& one) {
  Setup setup;
  setup.registry.deletes.*one.off = false;
  Driver api(setup);
  api.push_image("app", "v1", "one");
  const Digest image = api.push_image("app", "v2", "two");
  const Digest loose = api.push_blob("app", "loose");
  const string upload = api.start_upload("app");
  struct Request {
    string url;
    std::string_view setting;
    int status;
  };
  for (const Request& request :
       {Request{manifest_url("app", "v1"), "registry.delete_tags", 202},
        Request{manifest_url("app", "none"), "registry.delete_tags", 404},
        Request{manifest_url("app", image), "registry.delete_manifests", 202},
        Request{blob_url("app", loose), "registry.delete_blobs", 202},
        Request{upload, "registry.delete_uploads", 204}}) {
    CAPTURE(request.url);
    const auto answer = api.ask(del(request.url));
    if (request.setting != one.setting) {
      CHECK(answer.status == request.status);
      continue;
    }
    CHECK(answer.status == 405);
    CHECK(wire_codes(answer) == "UNSUPPORTED");
    CHECK(answer.body.find(one.setting) != string::npos);
    CHECK(answer.header("Allow") == one.allow);
    if (request.status != 404) CHECK(api.ask(get(request.url)).status < 300);
  }
}

TEST_CASE_TEMPLATE("Delete: tags, manifests, blobs and uploads are switched off one by one", Driver,
                   API_DRIVERS) {
  for (const Switch& one :
       {Switch{&registry::Deletes::tags, "registry.delete_tags", "GET, HEAD, PUT"},
        Switch{&registry::Deletes::manifests, "registry.delete_manifests", "GET, HEAD, PUT"},
        Switch{&registry::Deletes::blobs, "registry.delete_blobs", "GET, HEAD"},
        Switch{&registry::Deletes::uploads, "registry.delete_uploads", "GET, HEAD, PATCH, PUT"}}) {
    CAPTURE(one.setting);
    check_switch<Driver>(one);
  }
}

}  // namespace
}  // namespace shale::testing
