#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every MetadataStore has to do when something is written.
namespace shale::testing {
namespace {

using index::Doomed;
using index::EdgeKind;
using index::StoreUsage;
using index::Usage;

Doomed doomed_link(const FakeClock& clock, std::string_view repository, std::string_view content) {
  return {clock.now() + kLease, Doomed::Kind::kLink, std::string(repository), digest_of(content)};
}
Doomed doomed_blob(const FakeClock& clock, std::string_view content) {
  return {clock.now() + kLease, Doomed::Kind::kBlob, "", digest_of(content)};
}

TEST_CASE_TEMPLATE("MetadataStore: a linked blob is visible in its repository alone", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));

  CHECK(value(backend.store.find_blob(repo("a"), digest_of("layer"))).size == 5);
  CHECK(error_code(backend.store.find_blob(repo("b"), digest_of("layer"))) == Errc::kBlobUnknown);
  CHECK(error_code(backend.store.find_blob(repo("a"), digest_of("other"))) == Errc::kBlobUnknown);
  CHECK(value(backend.store.repository_exists(repo("a"))));
  CHECK_FALSE(value(backend.store.repository_exists(repo("b"))));
}

TEST_CASE_TEMPLATE("MetadataStore: commits are numbered one after the other, refusals are not",
                   Backend, InMemory, InRocks) {
  Backend backend;
  CHECK(backend.store.sequence() == 0);
  CHECK(value(backend.store.link_blob(link("a", "layer"))) == 1);
  CHECK(value(backend.store.link_blob(link("a", "layer"))) == 2);
  CHECK(error_code(backend.store.delete_tag(repo("a"), tag("none"), "x")) ==
        Errc::kManifestUnknown);
  CHECK(backend.store.sequence() == 2);
  CHECK(value(backend.store.put_manifest(put("a", manifest("{}")))) == 3);
}

TEST_CASE_TEMPLATE("MetadataStore: a small blob is kept with its link, whoever has it", Backend,
                   InMemory, InRocks) {
  Backend backend;
  CHECK_FALSE(value(backend.store.read_small_blob(digest_of("config"))).has_value());
  REQUIRE(backend.store.link_blob(link("a", "config")));
  CHECK_FALSE(value(backend.store.read_small_blob(digest_of("config"))).has_value());
  REQUIRE(backend.store.link_blob(small("a", "config")));
  REQUIRE(backend.store.link_blob(small("b", "")));
  CHECK(value(backend.store.read_small_blob(digest_of("config"))) == "config");
  CHECK(value(backend.store.read_small_blob(digest_of(""))) == "");
  CHECK(value(backend.store.find_blob(repo("a"), digest_of("config"))).size == 6);

  // While it is doomed and when it comes back from that, too.
  REQUIRE(backend.store.mount_blob(repo("a"), repo("b"), digest_of("config")));
  REQUIRE(backend.store.delete_blob(repo("a"), digest_of("config")));
  REQUIRE(backend.store.delete_blob(repo("b"), digest_of("config")));
  CHECK(value(backend.store.read_small_blob(digest_of("config"))) == "config");
  REQUIRE(backend.store.link_blob(link("b", "config")));
  CHECK(value(backend.store.read_small_blob(digest_of("config"))) == "config");
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: a push that may move no tag makes new ones alone", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const auto push = [&](std::string_view bytes, std::vector<index::Tag> tags) {
    auto request = put("a", manifest(bytes));
    request.tags = std::move(tags);
    request.tag_moves = index::TagMoves::kNewOnly;
    return backend.store.put_manifest(request);
  };
  REQUIRE(push("one", {tag("v1")}));
  CHECK(push("one", {tag("v1")}));
  CHECK(error_code(push("two", {tag("v2"), tag("v1")})) == Errc::kTagExists);
  CHECK(error_code(backend.store.find_manifest(repo("a"), tag("v2"))) == Errc::kManifestUnknown);
  CHECK(error_code(backend.store.find_manifest(repo("a"), digest_of("two"))) ==
        Errc::kManifestUnknown);
  CHECK(push("two", {tag("v2")}));
  REQUIRE(backend.store.delete_tag(repo("a"), tag("v1"), "x"));
  CHECK(push("two", {tag("v1")}));
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: a blob that no manifest names is doomed a lease from now",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "layer")});

  SUBCASE("and linking it again renews the lease") {
    backend.clock.advance(std::chrono::minutes(3));
    REQUIRE(backend.store.link_blob(link("a", "layer")));
    CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "layer")});
  }
  SUBCASE("and a manifest that names it spares it") {
    REQUIRE(backend.store.put_manifest(put("a", with(manifest("m"), EdgeKind::kLayer, "layer"))));
    CHECK(all_doomed(backend.store).empty());
    REQUIRE(backend.store.link_blob(link("a", "layer")));
    CHECK(all_doomed(backend.store).empty());
  }
  SUBCASE("and a manifest of another repository does not spare it") {
    REQUIRE(backend.store.link_blob(link("b", "layer")));
    REQUIRE(backend.store.put_manifest(put("b", with(manifest("m"), EdgeKind::kLayer, "layer"))));
    CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "layer")});
  }
}

TEST_CASE_TEMPLATE("MetadataStore: a blob recorded with another size is refused", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  for (const auto* name : {"a", "b"}) {
    CHECK(error_code(backend.store.link_blob({repo(name), digest_of("layer"), 6, std::nullopt})) ==
          Errc::kCorrupt);
  }
  CHECK_FALSE(value(backend.store.repository_exists(repo("b"))));
}

TEST_CASE_TEMPLATE("MetadataStore: an upload is removed by the commit that links its blob", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const index::UploadRow row{UploadId::random(), repo("a"), backend.clock.now()};
  const index::UploadRow other{UploadId::random(), repo("b"), backend.clock.now()};
  REQUIRE(backend.store.open_upload(row));
  REQUIRE(backend.store.open_upload(other));
  CHECK(value(backend.store.find_upload(row.id)) == row);
  CHECK(value(backend.store.list_uploads()).size() == 2);

  auto request = link("a", "layer");
  request.upload = row.id;
  REQUIRE(backend.store.link_blob(request));
  CHECK(error_code(backend.store.find_upload(row.id)) == Errc::kUploadUnknown);
  CHECK(value(backend.store.list_uploads()) == std::vector{other});

  REQUIRE(backend.store.close_upload(other.id));
  REQUIRE(backend.store.close_upload(other.id));
  CHECK(value(backend.store.list_uploads()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: a mount needs the blob in the source", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  CHECK(error_code(backend.store.mount_blob(repo("b"), repo("c"), digest_of("layer"))) ==
        Errc::kBlobUnknown);
  CHECK(error_code(backend.store.mount_blob(repo("a"), repo("c"), digest_of("other"))) ==
        Errc::kBlobUnknown);
  CHECK_FALSE(value(backend.store.repository_exists(repo("c"))));

  REQUIRE(backend.store.mount_blob(repo("a"), repo("c"), digest_of("layer")));
  CHECK(value(backend.store.find_blob(repo("c"), digest_of("layer"))).size == 5);
  CHECK(all_doomed(backend.store).size() == 2);
}

TEST_CASE_TEMPLATE("MetadataStore: a manifest is read back by digest and by each of its tags",
                   Backend, InMemory, InRocks) {
  Backend backend;
  const index::Manifest image = manifest(R"({"schemaVersion":2})");
  REQUIRE(backend.store.put_manifest(put("a/b", image, {"v1", "latest", "v1"})));

  for (const index::Reference& reference :
       {index::Reference(image.descriptor.digest), index::Reference(tag("v1")),
        index::Reference(tag("latest"))}) {
    const auto read = value(backend.store.read_manifest(repo("a/b"), reference));
    CHECK(read.bytes == image.bytes);
    CHECK(read.descriptor == image.descriptor);
    CHECK(value(backend.store.find_manifest(repo("a/b"), reference)) == image.descriptor);
    CHECK(error_code(backend.store.find_manifest(repo("a"), reference)) == Errc::kManifestUnknown);
    CHECK(error_code(backend.store.read_manifest(repo("a"), reference)) == Errc::kManifestUnknown);
  }
  CHECK(value(backend.store.usage(repo("a/b"))).tags == 2);
}

TEST_CASE_TEMPLATE("MetadataStore: bytes of any kind come back as they were", Backend, InMemory,
                   InRocks) {
  Backend backend;
  std::string content = "\n {\xff} ";
  content.push_back('\0');
  content += std::string(100'000, 'x');
  const index::Manifest image = manifest(content);
  REQUIRE(backend.store.put_manifest(put("a", image)));
  CHECK(value(backend.store.read_manifest(repo("a"), image.descriptor.digest)).bytes == content);
}

TEST_CASE_TEMPLATE("MetadataStore: every missing reference is named, each once", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "there")));
  REQUIRE(backend.store.link_blob(link("b", "elsewhere")));
  auto image = with(manifest("m"), EdgeKind::kConfig, "no config");
  image = with(image, EdgeKind::kLayer, "there");
  image = with(image, EdgeKind::kLayer, "elsewhere");
  image = with(image, EdgeKind::kLayer, "elsewhere");
  image = with(image, EdgeKind::kManifest, "no child");
  image = with(image, EdgeKind::kSubject, "no subject");
  auto request = put("a", image, {"v1"});

  const auto refused = backend.store.put_manifest(request);
  CHECK(error_code(refused) == Errc::kManifestBlobUnknown);
  const auto& details = refused.error().details;
  REQUIRE(details.size() == 3);
  CHECK(details[0].find("config " + digest_of("no config").str()) == 0);
  CHECK(details[1].find("layer " + digest_of("elsewhere").str()) == 0);
  CHECK(details[2].find("manifest " + digest_of("no child").str()) == 0);
  CHECK(error_code(backend.store.find_manifest(repo("a"), tag("v1"))) == Errc::kManifestUnknown);

  SUBCASE("and a sparse push takes it all the same") {
    request.allow_missing = true;
    CHECK(backend.store.put_manifest(request));
  }
}

TEST_CASE_TEMPLATE("MetadataStore: what is there has to have the size that the manifest says",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  REQUIRE(backend.store.put_manifest(put("a", manifest("child"))));
  REQUIRE(backend.store.put_manifest(put("a", manifest("subject"))));
  auto image = manifest("m");
  for (const EdgeKind kind : {EdgeKind::kLayer, EdgeKind::kBlob, EdgeKind::kLayer}) {
    image = with(image, kind, "layer");
  }
  image = with(image, EdgeKind::kManifest, "child");
  image = with(image, EdgeKind::kLayer, "foreign");
  image.edges.back().must_exist = false;
  for (index::Edge& edge : image.edges) {
    edge.target.size = 99;
  }
  image = with(image, EdgeKind::kConfig, "missing");
  auto request = put("a", image, {"v1"});

  for (const bool sparse : {false, true}) {
    CAPTURE(sparse);
    request.allow_missing = sparse;
    const auto refused = backend.store.put_manifest(request);
    REQUIRE(error_code(refused) == Errc::kManifestInvalid);
    const auto& details = refused.error().details;
    REQUIRE(details.size() == 3);
    const std::string words = " has 5 bytes, but its descriptor says 99";
    CHECK(details[0] == "layer " + digest_of("layer").str() + words);
    CHECK(details[1] == "blob " + digest_of("layer").str() + words);
    CHECK(details[2] == "manifest " + digest_of("child").str() + words);
  }
  CHECK(error_code(backend.store.find_manifest(repo("a"), tag("v1"))) == Errc::kManifestUnknown);

  SUBCASE("but not a subject, and not what is not there") {
    auto referrer = with(manifest("r"), EdgeKind::kSubject, "subject");
    referrer = with(referrer, EdgeKind::kLayer, "foreign");
    referrer.edges.back().must_exist = false;
    for (index::Edge& edge : referrer.edges) {
      edge.target.size = 99;
    }
    CHECK(backend.store.put_manifest(put("a", referrer)));
  }
}

TEST_CASE_TEMPLATE("MetadataStore: a layer that need not exist is already named when it comes",
                   Backend, InMemory, InRocks) {
  Backend backend;
  auto image = with(manifest("m"), EdgeKind::kLayer, "foreign");
  image.edges.front().must_exist = false;
  REQUIRE(backend.store.put_manifest(put("a", image)));
  REQUIRE(backend.store.link_blob(link("a", "foreign")));
  CHECK(all_doomed(backend.store).empty());

  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "foreign")});
}

TEST_CASE_TEMPLATE("MetadataStore: deleting the last manifest that names a blob dooms its link",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "shared")));
  REQUIRE(backend.store.link_blob(link("a", "own")));
  auto first = with(with(manifest("1"), EdgeKind::kLayer, "shared"), EdgeKind::kConfig, "own");
  auto second = with(manifest("2"), EdgeKind::kConfig, "shared");
  REQUIRE(backend.store.put_manifest(put("a", first)));
  REQUIRE(backend.store.put_manifest(put("a", second)));
  CHECK(all_doomed(backend.store).empty());

  backend.clock.advance(std::chrono::hours(1));
  REQUIRE(backend.store.delete_manifest(repo("a"), first.descriptor.digest, "x"));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "own")});
  REQUIRE(backend.store.delete_manifest(repo("a"), second.descriptor.digest, "x"));
  CHECK(all_doomed(backend.store).size() == 2);
  CHECK(value(backend.store.find_blob(repo("a"), digest_of("shared"))).size == 6);
}

TEST_CASE_TEMPLATE("MetadataStore: one blob in many places of a manifest is one edge each kind",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "{}")));
  auto image = manifest("m");
  for (const EdgeKind kind :
       {EdgeKind::kConfig, EdgeKind::kLayer, EdgeKind::kLayer, EdgeKind::kBlob, EdgeKind::kLayer}) {
    image = with(image, kind, "{}");
  }
  REQUIRE(backend.store.put_manifest(put("a", image)));
  CHECK(all_doomed(backend.store).empty());
  CHECK(value(backend.store.usage(repo("a"))) == Usage{1, 0, 1, 3, 3});

  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "{}")});
  REQUIRE(backend.store.delete_blob(repo("a"), digest_of("{}")));
  CHECK_FALSE(value(backend.store.repository_exists(repo("a"))));
}

TEST_CASE_TEMPLATE("MetadataStore: the same bytes as another type replace what they said before",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "old")));
  REQUIRE(backend.store.link_blob(link("a", "new")));
  auto first = with(with(manifest("m"), EdgeKind::kLayer, "old"), EdgeKind::kSubject, "s1");
  REQUIRE(backend.store.put_manifest(put("a", first, {"v1"})));

  auto second = with(with(manifest("m"), EdgeKind::kLayer, "new"), EdgeKind::kSubject, "s2");
  second.descriptor.media_type = "application/vnd.example+json";
  REQUIRE(backend.store.put_manifest(put("a", second)));

  CHECK(value(backend.store.find_manifest(repo("a"), tag("v1"))).media_type ==
        "application/vnd.example+json");
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "a", "old")});
  CHECK(value(backend.store.list_referrers(repo("a"), digest_of("s1"), {})).items.empty());
  CHECK(value(backend.store.list_referrers(repo("a"), digest_of("s2"), {})).items.size() == 1);
  CHECK(value(backend.store.usage(repo("a"))).manifests == 1);
}

TEST_CASE_TEMPLATE("MetadataStore: deleting a tag leaves the manifest, deleting a manifest no tag",
                   Backend, InMemory, InRocks) {
  Backend backend;
  const auto image = manifest("m");
  const auto other = manifest("o");
  REQUIRE(backend.store.put_manifest(put("a", image, {"v1", "v2", "latest"})));
  REQUIRE(backend.store.put_manifest(put("a", other, {"other"})));

  REQUIRE(backend.store.delete_tag(repo("a"), tag("v1"), "x"));
  CHECK(error_code(backend.store.find_manifest(repo("a"), tag("v1"))) == Errc::kManifestUnknown);
  CHECK(error_code(backend.store.delete_tag(repo("a"), tag("v1"), "x")) == Errc::kManifestUnknown);
  CHECK(backend.store.find_manifest(repo("a"), image.descriptor.digest));

  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(joined(value(backend.store.list_tags(repo("a"), "", 10))) == "other");
  CHECK(error_code(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x")) ==
        Errc::kManifestUnknown);
}

TEST_CASE_TEMPLATE("MetadataStore: a child of an index may go, the index stays", Backend, InMemory,
                   InRocks) {
  Backend backend;
  const auto child = manifest("child");
  const auto parent = with(manifest("parent"), EdgeKind::kManifest, "child");
  REQUIRE(backend.store.put_manifest(put("a", child)));
  REQUIRE(backend.store.put_manifest(put("a", parent, {"multi"})));
  REQUIRE(backend.store.delete_manifest(repo("a"), child.descriptor.digest, "x"));
  CHECK(backend.store.find_manifest(repo("a"), tag("multi")));
  CHECK(error_code(backend.store.put_manifest(put("a", parent))) == Errc::kManifestBlobUnknown);
}

TEST_CASE_TEMPLATE("MetadataStore: a blob that a manifest names cannot be deleted", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  const auto image = with(manifest("m"), EdgeKind::kLayer, "layer");
  REQUIRE(backend.store.put_manifest(put("a", image)));
  CHECK(error_code(backend.store.delete_blob(repo("a"), digest_of("layer"))) ==
        Errc::kBlobReferenced);
  CHECK(error_code(backend.store.delete_blob(repo("b"), digest_of("layer"))) == Errc::kBlobUnknown);
  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(backend.store.delete_blob(repo("a"), digest_of("layer")));
  CHECK(error_code(backend.store.delete_blob(repo("a"), digest_of("layer"))) == Errc::kBlobUnknown);
}

TEST_CASE_TEMPLATE("MetadataStore: the bytes are doomed with the last link and spared by a new one",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  REQUIRE(backend.store.link_blob(link("b", "layer")));
  REQUIRE(backend.store.delete_blob(repo("a"), digest_of("layer")));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "b", "layer")});

  backend.clock.advance(std::chrono::minutes(1));
  REQUIRE(backend.store.delete_blob(repo("b"), digest_of("layer")));
  CHECK(all_doomed(backend.store) == std::vector{doomed_blob(backend.clock, "layer")});
  CHECK(value(backend.store.store_usage()) == StoreUsage{0, 0, 1, 5});

  REQUIRE(backend.store.link_blob(link("c", "layer")));
  CHECK(all_doomed(backend.store) == std::vector{doomed_link(backend.clock, "c", "layer")});
  CHECK(value(backend.store.store_usage()) == StoreUsage{1, 0, 1, 5});
}

TEST_CASE_TEMPLATE("MetadataStore: a repository exists while it has a manifest or a blob", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const auto image = manifest("m");
  REQUIRE(backend.store.put_manifest(put("a", image, {"v1"})));
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(value(backend.store.repository_exists(repo("a"))));
  CHECK(joined(value(backend.store.list_tags(repo("a"), "", 10))).empty());

  REQUIRE(backend.store.delete_blob(repo("a"), digest_of("layer")));
  CHECK_FALSE(value(backend.store.repository_exists(repo("a"))));
  CHECK(error_code(backend.store.list_tags(repo("a"), "", 10)) == Errc::kNameUnknown);
  CHECK(value(backend.store.usage(repo("a"))) == Usage{});

  REQUIRE(backend.store.put_manifest(put("a", image)));
  CHECK(value(backend.store.usage(repo("a"))) == Usage{1, 0, 0, 1, 1});
}

TEST_CASE_TEMPLATE("MetadataStore: unique is what no other repository has", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "base")));
  REQUIRE(backend.store.put_manifest(put("a", manifest("shared manifest"))));
  CHECK(value(backend.store.usage(repo("a"))) == Usage{1, 0, 1, 19, 19});

  REQUIRE(backend.store.mount_blob(repo("a"), repo("b"), digest_of("base")));
  REQUIRE(backend.store.put_manifest(put("b", manifest("shared manifest"))));
  REQUIRE(backend.store.link_blob(link("b", "own")));
  CHECK(value(backend.store.usage(repo("a"))) == Usage{1, 0, 1, 19, 0});
  CHECK(value(backend.store.usage(repo("b"))) == Usage{1, 0, 2, 22, 3});

  REQUIRE(backend.store.link_blob(link("c", "base")));
  CHECK(value(backend.store.usage(repo("a"))).unique == 0);
  CHECK(value(backend.store.store_usage()) == StoreUsage{3, 1, 2, 22});

  REQUIRE(backend.store.delete_blob(repo("b"), digest_of("base")));
  CHECK(value(backend.store.usage(repo("a"))).unique == 0);
  REQUIRE(backend.store.delete_blob(repo("c"), digest_of("base")));
  CHECK(value(backend.store.usage(repo("a"))).unique == 4);
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("shared manifest"), "x"));
  CHECK(value(backend.store.usage(repo("b"))) == Usage{1, 0, 1, 18, 18});
}

TEST_CASE_TEMPLATE("MetadataStore: a manifest's bytes stay while any repository has it", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const auto image = manifest("m");
  REQUIRE(backend.store.put_manifest(put("a", image)));
  REQUIRE(backend.store.put_manifest(put("b", image)));
  REQUIRE(backend.store.delete_manifest(repo("a"), image.descriptor.digest, "x"));
  CHECK(value(backend.store.read_manifest(repo("b"), image.descriptor.digest)).bytes == "m");
  CHECK(value(backend.store.store_usage()) == StoreUsage{1, 1, 0, 1});
  REQUIRE(backend.store.delete_manifest(repo("b"), image.descriptor.digest, "x"));
  CHECK(value(backend.store.store_usage()) == StoreUsage{});
}

}  // namespace
}  // namespace shale::testing
