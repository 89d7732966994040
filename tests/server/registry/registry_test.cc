#include "server/registry/registry.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using index::Tag;
using testing::allow_all;
using testing::Bench;
using testing::descriptor;
using testing::digest_of;
using testing::DiskStores;
using testing::error_code;
using testing::kImageConfig;
using testing::kImageIndex;
using testing::kImageLayer;
using testing::kImageManifest;
using testing::MemoryStores;
using testing::repository;
using testing::SmallBlobs;
using testing::tag;
using testing::value;

const auto kApp = repository("team/app");
const auto kOther = repository("team/other");

std::string image(std::string_view layer, std::string_view members = "") {
  return R"({"schemaVersion":2,"config":)" + descriptor(kImageConfig, "{}") + R"(,"layers":[)" +
         descriptor(kImageLayer, layer) + "]" + std::string(members) + "}";
}

std::string index_of(std::string_view manifests) {
  return R"({"schemaVersion":2,"manifests":[)" + std::string(manifests) + "]}";
}

template <class Stores>
std::string push_image(Bench<Stores>& bench, const index::RepositoryName& name,
                       std::string_view layer, std::string_view members = "") {
  bench.push_blob(name, "{}");
  bench.push_blob(name, layer);
  const std::string body = image(layer, members);
  REQUIRE(bench.push(name, digest_of(body), kImageManifest, body));
  return body;
}

TEST_CASE_TEMPLATE("Registry: an image is given out as it was pushed", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  bench.push_blob(kApp, "{}");
  bench.push_blob(kApp, "layer");
  const std::string body = image("layer");
  const auto pushed =
      value(bench.push(kApp, tag("v1"), std::string(kImageManifest) + "; charset=utf-8", body));
  CHECK(pushed.digest == digest_of(body));
  CHECK(pushed.tags == std::vector{tag("v1")});
  CHECK_FALSE(pushed.subject.has_value());

  for (const index::Reference& reference :
       {index::Reference(tag("v1")), index::Reference(digest_of(body))}) {
    const auto stored = value(bench->read_manifest(kApp, reference));
    CHECK(stored.bytes == body);
    CHECK(stored.descriptor ==
          index::Descriptor{digest_of(body), std::string(kImageManifest), body.size()});
    CHECK(value(bench->stat_manifest(kApp, reference)) == stored.descriptor);
    CHECK(error_code(bench->stat_manifest(kOther, reference)) == Errc::kManifestUnknown);
  }
}

TEST_CASE_TEMPLATE("Registry: a push by digest moves the tags that it names", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench({.tags_per_push = 3});
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    push_image(bench, kApp, "layer");
    const std::string body = image("layer");
    const Digest digest = digest_of(body, algorithm);
    const std::vector<Tag> tags = {tag("b"), tag("a"), tag("b"), tag("c"), tag("a")};
    const auto pushed = value(bench.push(kApp, digest, kImageManifest, body, tags));
    CHECK(pushed.digest == digest);
    CHECK(pushed.tags == std::vector{tag("b"), tag("a"), tag("c")});
    CHECK(value(bench->stat_manifest(kApp, tag("a"))).digest == digest);
    CHECK(value(bench->list_tags(kApp, "", 10)).items == std::vector{tag("a"), tag("b"), tag("c")});

    CHECK(error_code(bench.push(kApp, digest, kImageManifest, body,
                                {tag("a"), tag("b"), tag("c"), tag("d")})) == Errc::kTooManyTags);
    CHECK(error_code(bench.push(kApp, tag("a"), kImageManifest, body, {tag("b")})) ==
          Errc::kInvalidArgument);
  }
}

TEST_CASE("Registry: a manifest is what its digest names") {
  Bench<MemoryStores> bench;
  const std::string body = push_image(bench, kApp, "layer");
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    const Digest digest = digest_of(body, algorithm);
    const auto refused = bench.push(kApp, digest, kImageManifest, body + "  ");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::kDigestMismatch);
    CHECK(refused.error().details ==
          std::vector{"the manifest is " + digest_of(body + "  ", algorithm).str() + ", not " +
                      digest.str()});
  }
}

TEST_CASE("Registry: a manifest may be as large as the limit") {
  const std::string body = index_of("");
  Bench<MemoryStores> fits({.manifest_bytes = body.size()});
  CHECK(fits.push(kApp, tag("v1"), kImageIndex, body).has_value());
  Bench<MemoryStores> too_small({.manifest_bytes = body.size() - 1});
  CHECK(error_code(too_small.push(kApp, tag("v1"), kImageIndex, body)) == Errc::kManifestTooLarge);
}

TEST_CASE("Registry: a refused manifest changes nothing") {
  Bench<MemoryStores> bench;
  const auto before = bench.metadata().sequence();
  CHECK(error_code(bench.push(kApp, tag("v1"), kImageIndex, "{")) == Errc::kManifestInvalid);
  CHECK(error_code(bench->list_tags(kApp, "", 10)) == Errc::kNameUnknown);
  CHECK(bench.metadata().sequence() == before);
}

TEST_CASE_TEMPLATE("Registry: what a manifest names must be there", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  bench.push_blob(kApp, "{}");
  bench.push_blob(kOther, "layer");  // another repository's does not count
  const std::string body = image("layer");
  const auto refused = bench.push(kApp, tag("v1"), kImageManifest, body);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kManifestBlobUnknown);
  CHECK(refused.error().details.size() == 1);

  const std::string list = index_of(descriptor(kImageManifest, body));
  CHECK(error_code(bench.push(kApp, tag("list"), kImageIndex, list)) == Errc::kManifestBlobUnknown);
}

TEST_CASE_TEMPLATE("Registry: sparse images and indexes are taken where that is allowed", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench({.allow_sparse = true});
  const std::string body = image("layer");
  CHECK(bench.push(kApp, tag("v1"), kImageManifest, body).has_value());
  CHECK(bench.push(kApp, tag("v2"), kImageIndex, index_of(descriptor(kImageManifest, "none")))
            .has_value());
}

TEST_CASE_TEMPLATE("Registry: indexes nest, over sha512 too", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  const std::string body = push_image(bench, kApp, "layer");
  REQUIRE(bench.push(kApp, digest_of(body, Algorithm::kSha512), kImageManifest, body));
  const std::string inner = index_of(descriptor(kImageManifest, body) + "," +
                                     descriptor(kImageManifest, body, Algorithm::kSha512));
  REQUIRE(bench.push(kApp, digest_of(inner, Algorithm::kSha512), kImageIndex, inner));
  const std::string outer = index_of(descriptor(kImageIndex, inner, Algorithm::kSha512));
  CHECK(bench.push(kApp, tag("outer"), kImageIndex, outer).has_value());
}

TEST_CASE_TEMPLATE("Registry: an index may list blobs, and manifests of unknown types", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  bench.push_blob(kApp, "cached layer");
  CHECK(
      bench.push(kApp, tag("cache"), kImageIndex, index_of(descriptor(kImageLayer, "cached layer")))
          .has_value());

  const std::string_view type = "application/vnd.example.manifest.v1+json";
  REQUIRE(bench.push(kApp, tag("own"), type, "{}"));
  CHECK(bench.push(kApp, tag("list"), kImageIndex, index_of(descriptor(type, "{}"))).has_value());
  CHECK(error_code(bench.push(kOther, tag("list"), kImageIndex,
                              index_of(descriptor(type, "{}")))) == Errc::kManifestBlobUnknown);
}

TEST_CASE_TEMPLATE("Registry: a referrer is found whether its subject is there or not", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const std::string subject = image("layer");
  const std::string referrer =
      push_image(bench, kApp, "signature",
                 R"(,"artifactType":"application/vnd.example.sig","annotations":{"by":"me"})"
                 R"(,"subject":)" +
                     descriptor(kImageManifest, subject));
  const auto again = value(bench.push(kApp, tag("sig"), kImageManifest, referrer));
  CHECK(again.subject == digest_of(subject));

  const auto check = [&] {
    const auto page = value(bench->list_referrers(kApp, digest_of(subject), {}));
    REQUIRE(page.items.size() == 1);
    CHECK(page.items[0].descriptor.digest == digest_of(referrer));
    CHECK(page.items[0].artifact_type == "application/vnd.example.sig");
    CHECK(page.items[0].annotations == index::Annotations{{"by", "me"}});
  };
  check();
  push_image(bench, kApp, "layer");
  check();
  REQUIRE(bench->delete_manifest(kApp, digest_of(subject), "tester"));
  check();
  REQUIRE(bench->delete_manifest(kApp, digest_of(referrer), "tester"));
  CHECK(value(bench->list_referrers(kApp, digest_of(subject), {})).items.empty());
}

TEST_CASE_TEMPLATE("Registry: a blob is mounted from where the client says", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const Digest digest = bench.push_blob(kOther, "shared");
  CHECK(error_code(bench->stat_blob(kApp, digest)) == Errc::kBlobUnknown);
  CHECK_FALSE(value(bench->mount(kApp, digest_of("none"), kOther, allow_all)).has_value());
  CHECK_FALSE(value(bench->mount(kApp, digest, repository("no/such"), allow_all)).has_value());

  const auto mounted = value(bench->mount(kApp, digest, kOther, allow_all));
  CHECK(mounted.value_or(index::BlobLink{digest_of("none")}).size == 6);
  CHECK(bench.read_blob(kApp, digest) == "shared");
  REQUIRE(bench->delete_blob(kOther, digest));
  CHECK(bench.read_blob(kApp, digest) == "shared");

  SUBCASE("and what is there already is fine, whatever the source") {
    const auto nobody = [](const index::RepositoryName&) { return false; };
    CHECK(value(bench->mount(kApp, digest, kOther, nobody)).has_value());
    CHECK(value(bench->mount(kApp, digest, std::nullopt, nobody)).has_value());
  }
}

TEST_CASE_TEMPLATE("Registry: a mount without a source finds one that the caller may pull from",
                   Stores, MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const Digest digest = digest_of("shared");
  for (int i = 0; i < 250; ++i) {
    const auto mounted = value(
        bench->mount(repository("other/n" + std::to_string(i)), digest, std::nullopt, allow_all));
    CHECK(mounted.has_value() == (i > 0));
    if (!mounted) bench.push_blob(repository("other/n" + std::to_string(i)), "shared");
  }
  const auto nobody = [](const index::RepositoryName&) { return false; };
  CHECK_FALSE(value(bench->mount(kApp, digest, std::nullopt, nobody)).has_value());
  const auto last = repository("other/n99");  // in byte order
  const auto only_last = [&](const index::RepositoryName& name) { return name == last; };
  CHECK_FALSE(value(bench->mount(kApp, digest, repository("other/n1"), only_last)).has_value());
  CHECK(error_code(bench->stat_blob(kApp, digest)) == Errc::kBlobUnknown);
  CHECK(value(bench->mount(kApp, digest, std::nullopt, only_last)).has_value());
  CHECK(bench.read_blob(kApp, digest) == "shared");
}

TEST_CASE_TEMPLATE("Registry: a blob whose bytes are lost is unknown and can be pushed again",
                   Stores, MemoryStores, DiskStores) {
  Bench<Stores> bench;
  const Digest digest = bench.push_blob(kApp, "lost");
  REQUIRE(bench.blobs().remove(digest));
  CHECK(error_code(bench->open_blob(kApp, digest)) == Errc::kBlobUnknown);
  CHECK(error_code(bench->open_blob(kApp, digest_of("none"))) == Errc::kBlobUnknown);
  CHECK_FALSE(value(bench->mount(kApp, digest, std::nullopt, allow_all)).has_value());
  CHECK_FALSE(value(bench->mount(kOther, digest, kApp, allow_all)).has_value());
  bench.push_blob(kApp, "lost");
  CHECK(bench.read_blob(kApp, digest) == "lost");
}

TEST_CASE_TEMPLATE("Registry: deleting a tag keeps the manifest, deleting that takes its tags",
                   Stores, MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const std::string body = push_image(bench, kApp, "layer");
  REQUIRE(bench.push(kApp, digest_of(body), kImageManifest, body, {tag("a"), tag("b"), tag("c")}));

  REQUIRE(bench->delete_manifest(kApp, tag("a"), "tester"));
  CHECK(error_code(bench->stat_manifest(kApp, tag("a"))) == Errc::kManifestUnknown);
  CHECK(error_code(bench->delete_manifest(kApp, tag("a"), "tester")) == Errc::kManifestUnknown);
  CHECK(value(bench->list_tags(kApp, "", 10)).items == std::vector{tag("b"), tag("c")});
  CHECK(error_code(bench->delete_blob(kApp, digest_of("layer"))) == Errc::kBlobReferenced);

  REQUIRE(bench->delete_manifest(kApp, digest_of(body), "tester"));
  CHECK(error_code(bench->delete_manifest(kApp, digest_of(body), "tester")) ==
        Errc::kManifestUnknown);
  CHECK(value(bench->list_tags(kApp, "", 10)).items.empty());
  REQUIRE(bench->delete_blob(kApp, digest_of("layer")));
  CHECK(error_code(bench->stat_blob(kApp, digest_of("layer"))) == Errc::kBlobUnknown);
  CHECK(error_code(bench->delete_blob(kApp, digest_of("layer"))) == Errc::kBlobUnknown);
}

TEST_CASE("Registry: nothing can be deleted where deleting is switched off") {
  Bench<MemoryStores> bench(
      {.deletes = {.tags = false, .manifests = false, .blobs = false, .uploads = false}});
  const std::string body = push_image(bench, kApp, "layer");
  CHECK(error_code(bench->delete_manifest(kApp, digest_of(body), "t")) == Errc::kDisabled);
  CHECK(error_code(bench->delete_manifest(kApp, tag("none"), "t")) == Errc::kDisabled);
  CHECK(error_code(bench->delete_blob(kApp, digest_of("layer"))) == Errc::kDisabled);
  CHECK(bench->stat_manifest(kApp, digest_of(body)).has_value());
  const UploadId id = bench.begin(kApp);
  CHECK(error_code(bench->cancel_upload(kApp, id)) == Errc::kDisabled);
  CHECK(bench->upload_status(kApp, id).has_value());
}

TEST_CASE_TEMPLATE("Registry: repositories and tags are listed in pages", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  CHECK(error_code(bench->list_tags(kApp, "", 10)) == Errc::kNameUnknown);
  for (const char* name : {"b", "a/b", "a"})
    push_image(bench, repository(name), "layer");
  const auto first = value(bench->list_repositories("", 2));
  CHECK(first.items == std::vector{repository("a"), repository("a/b")});
  CHECK(first.more);
  const auto rest = value(bench->list_repositories("a/b", 2));
  CHECK(rest.items == std::vector{repository("b")});
  CHECK_FALSE(rest.more);
  CHECK(value(bench->list_tags(repository("a"), "", 10)).items.empty());
}

}  // namespace
}  // namespace shale::registry
