#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

constexpr std::string_view kImageType = "Content-Type: application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kIndexType = "Content-Type: application/vnd.oci.image.index.v1+json";

/// Asks for `body` under a tag; it has to be refused, and the server to go on.
void check_invalid(Client& api, const string& body, std::string_view content_type,
                   std::string_view words = "") {
  INFO("manifest: ", body.substr(0, 300));
  const auto answer = api.ask(sized("PUT", manifest_url("app", "bad"), body, {content_type}));
  INFO("answer: ", answer.body.substr(0, 300));
  CHECK(answer.status == 400);
  CHECK(wire_codes(answer) == "MANIFEST_INVALID");
  CHECK(answer.body.size() < 1000);
  CHECK(answer.body.find(words) != string::npos);
  api.expect({{get(manifest_url("app", "bad")), 404, "MANIFEST_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Manifest refusal: under a digest that it does not have", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_image("app", "", "one");
  REQUIRE(api.ask(del(manifest_url("app", digest))).status == 202);
  const string body = image_manifest("one");
  const Digest longer = digest_of(body, Algorithm::kSha512);
  api.expect({{sized("PUT", manifest_url("app", digest), body + "  ", {kImageType}), 400,
               "DIGEST_INVALID"},
              {chunked("PUT", manifest_url("app", digest), body + "  ", {kImageType}), 400,
               "DIGEST_INVALID"},
              {sized("PUT", manifest_url("app", longer) + "?tag=v1", body + "  ", {kImageType}),
               400, "DIGEST_INVALID"},
              {sized("PUT", manifest_url("app", digest), "", {kImageType}), 400, "DIGEST_INVALID"},
              {get(manifest_url("app", digest)), 404, "MANIFEST_UNKNOWN"},
              {get(manifest_url("app", "v1")), 404, "MANIFEST_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Manifest refusal: what it refers to is missing, each thing named", Driver,
                   API_DRIVERS) {
  Driver api;
  const string image = R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) +
                       R"(","config":)" + descriptor(kImageConfig, "the config") +
                       R"(,"layers":[)" + descriptor(kImageLayer, "layer one") + "," +
                       descriptor(kImageLayer, "layer two") + "]}";
  const auto check_missing = [&](const string& body, std::string_view type,
                                 const std::vector<string>& missing) {
    const auto answer = api.ask(sized("PUT", manifest_url("app", "v1"), body, {type}));
    CHECK(answer.status == 400);
    string codes;
    for (const string& content : missing) {
      CHECK(answer.body.find(digest_of(content).str()) != string::npos);
      codes += (codes.empty() ? "" : " ") + string("MANIFEST_BLOB_UNKNOWN");
    }
    CHECK(wire_codes(answer) == codes);
  };
  check_missing(image, kImageType, {"the config", "layer one", "layer two"});
  api.push_blob("app", "layer one");
  check_missing(image, kImageType, {"the config", "layer two"});
  api.push_blob("other", "the config");
  api.push_blob("other", "layer two");
  check_missing(image, kImageType, {"the config", "layer two"});
  api.push_blob("app", "the config");
  check_missing(image, kImageType, {"layer two"});
  api.push_blob("app", "layer two");
  api.expect({{sized("PUT", manifest_url("app", "v1"), image, {kImageType}), 201}});

  const string index = R"({"schemaVersion":2,"manifests":[)" + descriptor(kImageManifest, image) +
                       "," + descriptor(kImageManifest, "absent") + "]}";
  check_missing(index, kIndexType, {"absent"});
  // A blob is no manifest.
  check_missing(
      R"({"schemaVersion":2,"manifests":[)" + descriptor(kImageManifest, "layer one") + "]}",
      kIndexType, {"layer one"});
}

TEST_CASE_TEMPLATE("Manifest refusal: content that is there with another size", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest child = api.push_image("app", "", "one");
  const auto claim = [](std::string_view type, const Digest& digest) {
    return R"({"mediaType":")" + string(type) + R"(","digest":")" + digest.str() +
           R"(","size":99})";
  };
  const string config = R"({"schemaVersion":2,"config":)";
  const string good_config = descriptor(kImageConfig, "config of one");
  const auto refused = [&](const string& body, std::string_view type, const Digest& culprit,
                           std::size_t size) {
    check_invalid(
        api, body, type,
        culprit.str() + " has " + std::to_string(size) + " bytes, but its descriptor says 99");
  };
  const Digest layer = digest_of("layer of one");
  refused(config + good_config + R"(,"layers":[)" + claim(kImageLayer, layer) + "]}", kImageType,
          layer, 12);
  refused(config + claim(kImageConfig, digest_of("config of one")) + R"(,"layers":[]})", kImageType,
          digest_of("config of one"), 13);
  refused(R"({"schemaVersion":2,"manifests":[)" + claim(kImageManifest, child) + "]}", kIndexType,
          child, image_manifest("one").size());
}

TEST_CASE_TEMPLATE("Manifest refusal: what is no JSON object", Driver, API_DRIVERS) {
  Driver api;
  for (const string& body :
       {string(""), string("{"), string("[]"), string("null"), string("\"text\""), string("1"),
        string("{}{}"), string("{} x"), string("{'a':1}"), string("{\"a\":1,}"),
        string("{\"a\":NaN}"), string("{\"a\":\"\xFF\"}"), string("{\"a\":\"\xED\xA0\x80\"}"),
        string("\xEF\xBB\xBF{}"), string("{}\0", 3), string("\x1F\x8B\x08\0\0", 5),
        string("// comment\n{}")}) {
    check_invalid(api, body, kImageType);
  }
}

TEST_CASE_TEMPLATE("Manifest refusal: JSON bombs", Driver, API_DRIVERS) {
  Driver api;
  const string deep_array = string(1'000'000, '[');
  const string deep = R"({"schemaVersion":2,"x":)" + deep_array + string(1'000'000, ']') + "}";
  string deep_object;
  for (int i = 0; i < 200'000; ++i)
    deep_object += R"({"a":)";
  string zeros = R"({"schemaVersion":2,"x":[0)";
  for (int i = 0; i < 1'900'000; ++i)
    zeros += ",0";
  string members = R"({"schemaVersion":2,"manifests":[],"annotations":{"0":"")";
  for (int i = 1; i < 250'000; ++i)
    members += ",\"" + std::to_string(i) + "\":\"\"";
  string descriptors = R"({"schemaVersion":2,"manifests":[)" + descriptor(kImageManifest, "0");
  for (int i = 1; i < 20'000; ++i)
    descriptors += "," + descriptor(kImageManifest, std::to_string(i));
  check_invalid(api, deep_array, kIndexType, "deep");
  check_invalid(api, deep, kIndexType, "deep");
  check_invalid(api, deep_object, kIndexType, "deep");
  check_invalid(api, zeros + "]}", kIndexType, "values");
  check_invalid(api, members + "}}", kIndexType, "values");
  check_invalid(api, descriptors + "]}", kIndexType, "descriptors");
  check_invalid(api, R"({"schemaVersion":2,"manifests":[],"x":1e99999})", kIndexType);
}

TEST_CASE_TEMPLATE("Manifest refusal: what two readers could read in two ways", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  const string config = R"("config":)" + descriptor(kImageConfig, "config of one");
  const string layers = R"("layers":[)" + descriptor(kImageLayer, "layer of one") + "]";
  const string start = R"({"schemaVersion":2,)";
  check_invalid(api, start + config + "," + config + "," + layers + "}", kImageType, "twice");
  check_invalid(api, start + config + "," + layers + R"(,"layers":[]})", kImageType, "twice");
  check_invalid(api, start + config + "," + layers + R"(,"x":{"y":[{"a":1,"a":2}]}})", kImageType,
                "twice");
  check_invalid(api, start + config + "," + layers + R"(,"Layers":[]})", kImageType, "spelt");
  check_invalid(api, start + config + "," + layers + R"(,"manifests":[]})", kImageType,
                "one or the other");
  check_invalid(api, start + R"("manifests":[],)" + layers + "}", kIndexType, "one or the other");
}

TEST_CASE_TEMPLATE("Manifest refusal: schema 1, with words", Driver, API_DRIVERS) {
  Driver api;
  const string body = R"({"schemaVersion":1,"name":"app","tag":"v1","fsLayers":[],"history":[]})";
  for (const string type : {"application/vnd.docker.distribution.manifest.v1+json",
                            "application/vnd.docker.distribution.manifest.v1+prettyjws",
                            "application/json", "application/vnd.oci.image.manifest.v1+json",
                            "application/vnd.docker.distribution.manifest.v2+json"}) {
    check_invalid(api, body, "Content-Type: " + type, "schema 1");
  }
  check_invalid(api, "no JSON at all",
                "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws",
                "schema 1");
  check_invalid(api, R"({"schemaVersion":2,"fsLayers":[]})", kImageType, "schema 1");
}

TEST_CASE_TEMPLATE("Manifest refusal: types that are missing, at odds or none", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  const string untyped = R"({"schemaVersion":2,"config":)" +
                         descriptor(kImageConfig, "config of one") + R"(,"layers":[]})";
  check_invalid(api, image_manifest("one"), kIndexType, "Content-Type");
  check_invalid(api, image_manifest("one"), "Content-Type: application/vnd.example.v1+json",
                "Content-Type");
  check_invalid(api, image_manifest("one"), "Content-Type: text/plain", "Content-Type");
  check_invalid(api, untyped, "Content-Type: application/json", "mediaType");
  check_invalid(api, untyped, "Content-Type:", "mediaType");
  check_invalid(api, untyped, "Content-Type: text/plain", "mediaType");
  check_invalid(api, untyped, "Content-Type: application/octet-stream", "mediaType");
  check_invalid(api, untyped, "Content-Type: nonsense", "mediaType");
  check_invalid(api, untyped, "Content-Type: application/vnd.docker.distribution.manifest.v2+json",
                "mediaType");
  check_invalid(api, R"({"schemaVersion":2,"mediaType":7,"manifests":[]})", kIndexType,
                "mediaType");
}

TEST_CASE_TEMPLATE("Manifest refusal: members that are not what they should be", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_image("app", "", "one");
  const string config = R"("config":)" + descriptor(kImageConfig, "config of one");
  const auto image = [&](const string& layer) {
    return R"({"schemaVersion":2,)" + config + R"(,"layers":[)" + layer + "]}";
  };
  const auto layer = [](const string& digest, const string& size, const string& type) {
    return R"({"mediaType":)" + type + R"(,"digest":)" + digest + R"(,"size":)" + size + "}";
  };
  const string digest = '"' + digest_of("layer of one").str() + '"';
  const string type = R"("text/plain")";
  check_invalid(api, R"({"schemaVersion":2,"layers":[]})", kImageType, "config");
  check_invalid(api, R"({"schemaVersion":2,)" + config + "}", kImageType, "layers");
  check_invalid(api, R"({"schemaVersion":2})", kIndexType, "manifests");
  check_invalid(api, R"({"manifests":[]})", kIndexType, "schemaVersion");
  check_invalid(api, R"({"schemaVersion":"2","manifests":[]})", kIndexType, "schemaVersion");
  check_invalid(api, R"({"schemaVersion":3,"manifests":[]})", kIndexType, "schemaVersion");
  check_invalid(api, R"({"schemaVersion":2,"manifests":{}})", kIndexType, "manifests");
  check_invalid(api, R"({"schemaVersion":2,"manifests":[],"annotations":{"a":1}})", kIndexType,
                "annotations");
  check_invalid(api, R"({"schemaVersion":2,"manifests":[],"subject":"x"})", kIndexType, "subject");
  check_invalid(api, R"({"schemaVersion":2,"manifests":[],"artifactType":["x"]})", kIndexType,
                "artifactType");
  check_invalid(api, image("7"), kImageType, "layers[0]");
  check_invalid(api, image("{}"), kImageType, "layers[0]");
  check_invalid(api, image(layer("\"sha256:short\"", "12", type)), kImageType, "digest");
  check_invalid(api, image(layer("\"blake3:" + string(64, 'a') + '"', "12", type)), kImageType,
                "digest");
  check_invalid(api, image(layer("7", "12", type)), kImageType, "digest");
  check_invalid(api, image(layer(digest, "-1", type)), kImageType, "size");
  check_invalid(api, image(layer(digest, "1.5", type)), kImageType, "size");
  check_invalid(api, image(layer(digest, "\"12\"", type)), kImageType, "size");
  check_invalid(api, image(layer(digest, "99999999999999999999", type)), kImageType, "size");
  check_invalid(api, image(layer(digest, "12", "7")), kImageType, "mediaType");
  check_invalid(api, image(layer(digest, "12", R"("a\nb")")), kImageType, "mediaType");
  check_invalid(api, image(layer(digest, "12", type) + "," + layer(digest, "13", type)), kImageType,
                "two sizes");
}

TEST_CASE_TEMPLATE("Manifest refusal: nothing of what a client sent can break the answer", Driver,
                   API_DRIVERS) {
  Driver api;
  check_invalid(api, R"({"schemaVersion":2,"mediaType":"\"}]}\r\nX-Evil: 1\u0000"})",
                "Content-Type: a/\"b\xFF");
  check_invalid(api, R"({"schemaVersion":2,"mediaType":")" + string(100'000, 'm') + "\"}",
                "Content-Type:");
}

}  // namespace
}  // namespace shale::testing
