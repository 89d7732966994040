#include "server/registry/manifest_parser.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/registry/manifests.h"
#include "tests/support/bytes.h"
#include "tests/support/result.h"

namespace shale::registry {
namespace {

using index::Edge;
using index::EdgeKind;
using testing::descriptor;
using testing::digest_of;
using testing::kDockerLayer;
using testing::kDockerList;
using testing::kDockerManifest;
using testing::kImageConfig;
using testing::kImageIndex;
using testing::kImageLayer;
using testing::kImageManifest;
using testing::value;

Result<index::Manifest> parse(std::string_view type, std::string_view body) {
  return parse_manifest(digest_of(body), type, body);
}

/// The one thing that the client is told.
std::string refusal(std::string_view type, std::string_view body) {
  const auto parsed = parse(type, body);
  CAPTURE(body);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::kManifestInvalid);
  REQUIRE(parsed.error().details.size() == 1);
  return parsed.error().details.front();
}

Edge edge(EdgeKind kind, std::string_view type, std::string_view content, bool must_exist = true) {
  return {kind, {digest_of(content), std::string(type), content.size()}, must_exist};
}

/// An image manifest with `layers` and further `members`, each beginning with a comma.
std::string image(std::string_view layers, std::string_view members = "") {
  return R"({"schemaVersion":2,"config":)" + descriptor(kImageConfig, "{}") + R"(,"layers":[)" +
         std::string(layers) + "]" + std::string(members) + "}";
}

std::string index_of(std::string_view manifests, std::string_view members = "") {
  return R"({"schemaVersion":2,"manifests":[)" + std::string(manifests) + "]" +
         std::string(members) + "}";
}

TEST_CASE("parse_manifest: an image names its config and its layers") {
  const std::string body = image(descriptor(kImageLayer, "one") + "," + descriptor("a/b", "two"));
  const index::Manifest manifest = value(parse(kImageManifest, body));
  CHECK(manifest.descriptor ==
        index::Descriptor{digest_of(body), std::string(kImageManifest), body.size()});
  CHECK(manifest.bytes == body);
  CHECK(manifest.artifact_type == kImageConfig);
  CHECK(manifest.annotations.empty());
  CHECK(manifest.edges == std::vector{edge(EdgeKind::kConfig, kImageConfig, "{}"),
                                      edge(EdgeKind::kLayer, kImageLayer, "one"),
                                      edge(EdgeKind::kLayer, "a/b", "two")});
}

TEST_CASE("parse_manifest: an index names manifests, of any nesting") {
  const std::string body =
      index_of(descriptor(kImageManifest, "amd64") + "," + descriptor(kImageIndex, "inner") + "," +
               descriptor(kDockerManifest, "docker"));
  const index::Manifest manifest = value(parse(kImageIndex, body));
  CHECK(manifest.artifact_type.empty());
  CHECK(manifest.edges == std::vector{edge(EdgeKind::kManifest, kImageManifest, "amd64"),
                                      edge(EdgeKind::kManifest, kImageIndex, "inner"),
                                      edge(EdgeKind::kManifest, kDockerManifest, "docker")});
}

TEST_CASE("parse_manifest: a build cache lists blobs where manifests stand") {
  const std::string config_type = "application/vnd.buildkit.cacheconfig.v0";
  const std::string body =
      index_of(descriptor(kImageLayer, "layer") + "," + descriptor(config_type, "cache"));
  CHECK(value(parse(kImageIndex, body)).edges ==
        std::vector{edge(EdgeKind::kBlob, kImageLayer, "layer"),
                    edge(EdgeKind::kBlob, config_type, "cache")});
}

TEST_CASE("parse_manifest: Docker's manifests and lists are read alike") {
  const std::string config_type = "application/vnd.docker.container.image.v1+json";
  const std::string body = R"({"schemaVersion":2,"mediaType":")" + std::string(kDockerManifest) +
                           R"(","config":)" + descriptor(config_type, "{}") + R"(,"layers":[)" +
                           descriptor(kDockerLayer, "one") + "]}";
  CHECK(value(parse(kDockerManifest, body)).edges ==
        std::vector{edge(EdgeKind::kConfig, config_type, "{}"),
                    edge(EdgeKind::kLayer, kDockerLayer, "one")});

  const std::string list = index_of(descriptor(kDockerManifest, "x"),
                                    R"(,"mediaType":")" + std::string(kDockerList) + "\"");
  CHECK(value(parse(kDockerList, list)).edges ==
        std::vector{edge(EdgeKind::kManifest, kDockerManifest, "x")});
  CHECK(refusal(kDockerList, index_of("")) ==
        "$.mediaType: is missing; a manifest of Docker's has it in the body too");
}

TEST_CASE("parse_manifest: layers that are never pushed need not exist") {
  for (const std::string type : {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                                 "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
    const std::string layer = R"({"mediaType":")" + type + R"(","size":7,"digest":")" +
                              digest_of("windows").str() + R"(","urls":["https://example.com/w"]})";
    CHECK(value(parse(kImageManifest, image(layer))).edges.at(1) ==
          edge(EdgeKind::kLayer, type, "windows", false));
    CHECK(value(parse(kImageManifest, image(layer + "," + descriptor(kImageLayer, "windows"))))
              .edges.at(1)
              .must_exist);
  }
}

TEST_CASE("parse_manifest: a subject is an edge that may lead nowhere") {
  const std::string subject = R"(,"subject":)" + descriptor(kImageManifest, "subject");
  const Edge expected = edge(EdgeKind::kSubject, kImageManifest, "subject", false);
  CHECK(value(parse(kImageManifest, image("", subject))).edges.at(1) == expected);
  CHECK(value(parse(kImageIndex, index_of("", subject))).edges == std::vector{expected});
  CHECK(refusal(kImageManifest, image("", R"(,"subject":"x")")) ==
        "$.subject: must be a descriptor, an object with mediaType, digest and size");
}

TEST_CASE("parse_manifest: the artifact type is its own or that of the config") {
  const std::string own = R"(,"artifactType":"application/vnd.example.sbom")";
  CHECK(value(parse(kImageManifest, image("", own))).artifact_type ==
        "application/vnd.example.sbom");
  CHECK(value(parse(kImageIndex, index_of("", own))).artifact_type ==
        "application/vnd.example.sbom");
  CHECK(value(parse(kImageManifest, image("", R"(,"artifactType":"")"))).artifact_type ==
        kImageConfig);
  CHECK(refusal(kImageManifest, image("", R"(,"artifactType":7)")) ==
        "$.artifactType: must be a string");
  CHECK(refusal(kImageManifest, image("", R"(,"artifactType":"a\r\nb")")) ==
        "$.artifactType: must be a media type, at most 255 printable ASCII characters");
}

TEST_CASE("parse_manifest: annotations are strings by name") {
  const auto annotated = [](const std::string& annotations) {
    return image("", R"(,"annotations":)" + annotations);
  };
  CHECK(value(parse(kImageManifest, annotated(R"({"b":"2","a":"","A":"é"})"))).annotations ==
        index::Annotations{{"b", "2"}, {"a", ""}, {"A", "é"}});
  CHECK(value(parse(kImageManifest, annotated("null"))).annotations.empty());
  CHECK(refusal(kImageManifest, annotated("[]")) == "$.annotations: must be an object of strings");
  CHECK(refusal(kImageManifest, annotated(R"({"a":1})")) == "$.annotations.a: must be a string");
  CHECK(refusal(kImageManifest, annotated(R"({"a":null})")) == "$.annotations.a: must be a string");
}

TEST_CASE("parse_manifest: unknown members and unknown types are welcome") {
  const std::string layer = R"({"mediaType":"x","size":3,"digest":")" + digest_of("one").str() +
                            R"(","data":"b25l","new":{"deep":[1.5,-3]},"platform":{"os":"plan9"}})";
  const std::string body = image(layer, R"(,"newUnspecifiedField":[{"a":-1.5e3}])");
  CHECK(value(parse(kImageManifest, body)).bytes == body);
  CHECK(value(parse(kImageManifest, body)).edges.size() == 2);
}

TEST_CASE("parse_manifest: empty and null lists are fine, missing ones are not") {
  const std::string config = R"({"schemaVersion":2,"config":)" + descriptor(kImageConfig, "{}");
  CHECK(value(parse(kImageManifest, config + R"(,"layers":[]})")).edges.size() == 1);
  CHECK(value(parse(kImageManifest, config + R"(,"layers":null,"subject":null})")).edges.size() ==
        1);
  CHECK(refusal(kImageManifest, config + "}") == "$.layers: is missing; an empty array is fine");
  CHECK(refusal(kImageManifest, config + R"(,"layers":{}})") ==
        "$.layers: must be an array of descriptors");
  CHECK(value(parse(kImageIndex, R"({"schemaVersion":2,"manifests":[]})")).edges.empty());
  CHECK(value(parse(kImageIndex, R"({"schemaVersion":2,"manifests":null})")).edges.empty());
  CHECK(refusal(kImageIndex, R"({"schemaVersion":2})") ==
        "$.manifests: is missing; an empty array is fine");
}

TEST_CASE("parse_manifest: an image has a config") {
  for (const char* body :
       {R"({"schemaVersion":2,"layers":[]})", R"({"schemaVersion":2,"layers":[],"config":null})"}) {
    CHECK(refusal(kImageManifest, body).starts_with("$.config: is missing; "));
  }
  CHECK(refusal(kImageManifest, R"({"schemaVersion":2,"layers":[],"config":[]})") ==
        "$.config: must be a descriptor, an object with mediaType, digest and size");
}

TEST_CASE("parse_manifest: the same blob may stand for several things, with one size") {
  const std::string twice = descriptor(kImageConfig, "{}") + "," + descriptor(kImageLayer, "{}");
  CHECK(value(parse(kImageManifest, image(twice))).edges ==
        std::vector{edge(EdgeKind::kConfig, kImageConfig, "{}"),
                    edge(EdgeKind::kLayer, kImageConfig, "{}")});
  const std::string other_size =
      R"({"mediaType":"a/b","size":3,"digest":")" + digest_of("{}").str() + "\"}";
  CHECK(refusal(kImageManifest, image(other_size)) ==
        "$: " + digest_of("{}").str() + " is there with two sizes, 2 and 3");
}

TEST_CASE("parse_manifest: sha512 is as good as sha256") {
  const Digest digest = digest_of("one", Algorithm::kSha512);
  const std::string layer = R"({"mediaType":"a/b","size":3,"digest":")" + digest.str() + "\"}";
  CHECK(value(parse(kImageManifest, image(layer))).edges.at(1).target.digest == digest);
}

TEST_CASE("parse_manifest: what is wrong with a descriptor is told with its place") {
  const std::string digest = digest_of("one").str();
  struct Case {
    std::string layer;
    std::string problem;
  };
  const std::string bad_size =
      ".size: must be the number of bytes, an integer from 0 to 9223372036854775807";
  const auto sized = [&](const std::string& size) {
    return R"({"mediaType":"a/b","digest":")" + digest + R"(","size":)" + size + "}";
  };
  const auto named = [](const std::string& text) {
    return R"({"mediaType":"a/b","size":1,"digest":)" + text + "}";
  };
  const std::vector<Case> cases = {
      {"7", ": must be a descriptor, an object with mediaType, digest and size"},
      {"null", ": must be a descriptor, an object with mediaType, digest and size"},
      {R"({"size":1,"digest":")" + digest + "\"}", ".mediaType: is missing"},
      {R"({"mediaType":"","size":1,"digest":")" + digest + "\"}", ".mediaType: is missing"},
      {R"({"mediaType":[],"size":1,"digest":")" + digest + "\"}", ".mediaType: must be a string"},
      {R"({"mediaType":"a\u0000b"})",
       ".mediaType: must be a media type, at most 255 printable ASCII characters"},
      {R"({"mediaType":")" + std::string(256, 'a') + "\"}",
       ".mediaType: must be a media type, at most 255 printable ASCII characters"},
      {sized("-1"), bad_size},
      {sized("-0"), bad_size},
      {sized("1.0"), bad_size},
      {sized("1e3"), bad_size},
      {sized("9223372036854775808"), bad_size},
      {sized("18446744073709551616"), bad_size},
      {sized("\"1\""), bad_size},
      {sized("null"), bad_size},
      {R"({"mediaType":"a/b","digest":")" + digest + "\"}", bad_size},
      {named("1"), ".digest: must be a string"},
      {named("null"), R"(.digest: "" is not a digest such as sha256:<64 hex digits>)"},
      {named(R"("sha256:ab")"),
       R"(.digest: "sha256:ab" is not a digest such as sha256:<64 hex digits>)"},
      {named(R"("blake3:)" + std::string(64, 'a') + "\""),
       ".digest: \"blake3:" + std::string(64, 'a') +
           "\" is of an algorithm that is not kept here; use sha256 or sha512"},
      {R"({"mediaType":"a/b","size":3,"annotations":{"a":[]},"digest":")" + digest + "\"}",
       ".annotations.a: must be a string"},
      {R"({"mediaType":"a/b","size":3,"data":1,"digest":")" + digest + "\"}",
       ".data: must be a string"},
      {R"({"mediaType":"a/b","Size":3,"digest":")" + digest + "\"}",
       R"(: the member "Size" must be spelt "size")"},
  };
  for (const Case& row : cases) {
    CHECK(refusal(kImageManifest, image(descriptor(kImageLayer, "ok") + "," + row.layer)) ==
          "$.layers[1]" + row.problem);
    CHECK(refusal(kImageIndex, index_of(row.layer)) == "$.manifests[0]" + row.problem);
    if (row.layer != "null") {
      CHECK(refusal(kImageManifest, image("", R"(,"subject":)" + row.layer)) ==
            "$.subject" + row.problem);
    }
  }
  CHECK(value(parse(kImageManifest, image(sized("9223372036854775807")))).edges.size() == 2);
}

TEST_CASE("parse_manifest: one body cannot be two things") {
  const std::string both =
      "$: has both manifests, as an index has, and layers or a config, as an "
      "image has; send one or the other";
  for (const std::string_view type :
       {kImageManifest, kImageIndex, std::string_view("application/vnd.example.v1+json")}) {
    CHECK(refusal(type, image("", R"(,"manifests":[])")) == both);
    CHECK(refusal(type, R"({"schemaVersion":2,"layers":[],"manifests":[]})") == both);
  }
  CHECK(value(parse(kImageManifest, image("", R"(,"manifests":null)"))).edges.size() == 1);
  CHECK(refusal(kImageManifest, image("", R"(,"fsLayers":[])")).find("schema 1") !=
        std::string::npos);
}

TEST_CASE("parse_manifest: members that Go's readers would take for ours are refused") {
  CHECK(refusal(kImageManifest, image("", R"(,"Layers":[])")) ==
        R"($: the member "Layers" must be spelt "layers")");
  CHECK(refusal(kImageManifest, image("", R"(,"MANIFESTS":[])")) ==
        R"($: the member "MANIFESTS" must be spelt "manifests")");
  CHECK(refusal(kImageManifest, image("", ",\"layer\u017F\":[]")) ==
        R"($: the member "layer??" must be spelt "layers")");
}

TEST_CASE("parse_manifest: the type comes from the header or the body, and they agree") {
  const std::string bare = image("");
  const auto typed = [](std::string_view type) {
    return image("", R"(,"mediaType":")" + std::string(type) + "\"");
  };
  const auto type_of = [](std::string_view header, const std::string& body) {
    return value(parse(header, body)).descriptor.media_type;
  };
  CHECK(type_of(kImageManifest, bare) == kImageManifest);
  CHECK(type_of(kImageManifest, typed(kImageManifest)) == kImageManifest);
  CHECK(type_of("", typed(kImageManifest)) == kImageManifest);
  CHECK(type_of("application/json", typed(kImageManifest)) == kImageManifest);
  CHECK(type_of("application/json; charset=utf-8", typed(kImageManifest)) == kImageManifest);
  CHECK(type_of(std::string(kImageManifest) + "; charset=utf-8", bare) == kImageManifest);

  const std::string capitals = "Application/vnd.OCI.image.manifest.v1+json";
  CHECK(type_of(capitals + " ; charset=utf-8", bare) == capitals);
  CHECK(type_of("", typed(capitals)) == capitals);
  CHECK(type_of("Application/JSON", typed(capitals)) == capitals);
  CHECK(type_of(capitals, typed(kImageManifest)) == capitals);
  CHECK(type_of(kImageManifest, typed(capitals)) == kImageManifest);

  for (const char* header : {"", " ", "application/json", "application/json;a=b"}) {
    CHECK(
        refusal(header, bare)
            .starts_with("$.mediaType: is missing, and so is the type in the Content-Type header"));
  }
  CHECK(refusal(kImageIndex, typed(kImageManifest)) ==
        "$.mediaType: is \"" + std::string(kImageManifest) +
            "\", but the Content-Type header says \"" + std::string(kImageIndex) +
            "\"; send the same in both");
  CHECK(
      refusal(kImageManifest, typed(std::string(kImageManifest) + "; a=b")).find("send the same") !=
      std::string::npos);
  CHECK(refusal(kImageManifest, image("", R"(,"mediaType":2)")) == "$.mediaType: must be a string");
  CHECK(refusal("text/plain", bare) ==
        R"($.mediaType: "text/plain" is not a manifest type; those end in +json)");
  CHECK(refusal("", typed("a/b")) ==
        R"($.mediaType: "a/b" is not a manifest type; those end in +json)");
}

TEST_CASE("parse_manifest: schema 1 is refused with words, in every guise") {
  const std::string docker = "application/vnd.docker.distribution.manifest.v1+";
  const std::string signed_one =
      R"({"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[],"signatures":[]})";
  for (const std::string& type : {docker + "json", docker + "prettyjws", std::string(),
                                  std::string("application/json"), std::string(kImageManifest)}) {
    CHECK(refusal(type, signed_one).find("schema 1 are not taken; push the image again as") !=
          std::string::npos);
  }
  CHECK(refusal(docker + "prettyjws", "no JSON").find("schema 1") != std::string::npos);
  CHECK(refusal("", R"({"mediaType":")" + docker + R"(json"})").find("schema 1") !=
        std::string::npos);
}

TEST_CASE("parse_manifest: the schema version of known types is 2") {
  for (const char* version : {"3", "0", "\"2\"", "2.0", "null", "[2]"}) {
    const std::string body = R"({"manifests":[],"schemaVersion":)" + std::string(version) + "}";
    CHECK(refusal(kImageIndex, body) == "$.schemaVersion: must be 2");
  }
  CHECK(refusal(kImageIndex, R"({"manifests":[]})") == "$.schemaVersion: must be 2");
}

TEST_CASE("parse_manifest: other manifest types are read as far as they look like ours") {
  const std::string type = "application/vnd.oci.artifact.manifest.v1+json";
  const std::string body = R"({"mediaType":")" + type +
                           R"(","artifactType":"application/vnd.example","blobs":[)" +
                           descriptor("a/b", "one") + R"(],"subject":)" +
                           descriptor(kImageManifest, "subject") + R"(,"annotations":{"a":"b"}})";
  const index::Manifest artifact = value(parse(type, body));
  CHECK(artifact.descriptor.media_type == type);
  CHECK(artifact.artifact_type == "application/vnd.example");
  CHECK(artifact.annotations == index::Annotations{{"a", "b"}});
  CHECK(artifact.edges == std::vector{edge(EdgeKind::kLayer, "a/b", "one"),
                                      edge(EdgeKind::kSubject, kImageManifest, "subject", false)});

  const index::Manifest foreign =
      value(parse("application/vnd.example.v3+json",
                  R"({"schemaVersion":"3","config":"c","layers":{"a":1},"blobs":[7],"subject":"me",
          "annotations":{"a":1},"artifactType":[]})"));
  CHECK(foreign.edges.empty());
  CHECK(foreign.annotations.empty());
  CHECK(foreign.artifact_type.empty());
}

TEST_CASE("parse_manifest: the number of descriptors is bounded") {
  std::string layers = descriptor("a/b", "x");
  const std::string one_more = "," + layers;
  for (int i = 1; i < 9'999; ++i)
    layers += one_more;
  CHECK(value(parse(kImageManifest, image(layers))).edges.size() == 2);
  CHECK(refusal(kImageManifest, image(layers + one_more)) == "$: has more than 10000 descriptors");
}

TEST_CASE("parse_manifest: what is no object is refused") {
  for (const char* body : {"[]", "1", "null", "\"x\"", "true"}) {
    CHECK(refusal(kImageManifest, body) == "$: must be an object");
  }
}

TEST_CASE("parse_manifest: a manifest cut anywhere, or with any byte broken, is no accident") {
  const std::string body =
      image(descriptor(kImageLayer, "one"),
            R"(,"annotations":{"a":"é"},"subject":)" + descriptor(kImageManifest, "s"));
  REQUIRE(parse(kImageManifest, body).has_value());
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    CAPTURE(cut);
    CHECK(testing::error_code(parse(kImageManifest, body.substr(0, cut))) ==
          Errc::kManifestInvalid);
  }
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (const char broken : {'\0', '\xFF', '"', '{', '\n'}) {
      std::string other = body;
      other[at] = broken;
      const auto parsed = parse(kImageManifest, other);
      if (!parsed) CHECK(parsed.error().details.size() == 1);
    }
  }
}

}  // namespace
}  // namespace shale::registry
