#include <algorithm>

#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every MetadataStore tells of manifests: their times, tags, edges and parents.
namespace shale::testing {
namespace {

using index::EdgeKind;
using index::Parent;

std::vector<Digest> digests_of(const index::Page<index::ListedManifest>& page) {
  std::vector<Digest> digests;
  for (const auto& listed : page.items) {
    digests.push_back(listed.descriptor.digest);
  }
  return digests;
}

TEST_CASE_TEMPLATE("MetadataStore: manifests are listed by digest, page by page", Backend, InMemory,
                   InRocks) {
  Backend backend;
  std::vector<Digest> all;
  for (const auto* content : {"1", "2", "3", "4", "5"}) {
    REQUIRE(backend.store.put_manifest(put("a", manifest(content))));
    all.push_back(digest_of(content));
  }
  REQUIRE(backend.store.put_manifest(put("a/b", manifest("nested"))));
  std::ranges::sort(all);

  std::vector<Digest> seen;
  std::optional<Digest> after;
  std::vector<bool> more;
  for (int page_number = 0; page_number < 3; ++page_number) {
    const auto page = value(backend.store.list_manifests(repo("a"), after, 2));
    for (const Digest& digest : digests_of(page)) {
      seen.push_back(digest);
    }
    more.push_back(page.more);
    after = seen.back();
  }
  CHECK(seen == all);
  CHECK(more == std::vector{true, true, false});
  CHECK(value(backend.store.list_manifests(repo("a"), all.back(), 2)).items.empty());
  CHECK(value(backend.store.list_manifests(repo("none"), {}, 2)).items.empty());
  CHECK_FALSE(value(backend.store.list_manifests(repo("a"), {}, 0)).more);
}

TEST_CASE_TEMPLATE("MetadataStore: a listed manifest says when it was pushed last", Backend,
                   InMemory, InRocks) {
  Backend backend;
  auto signature = manifest("s");
  signature.artifact_type = "application/signature";
  const Time first = backend.clock.now();
  REQUIRE(backend.store.put_manifest(put("a", signature)));
  const index::ListedManifest expected{signature.descriptor, "application/signature", first, {}};
  CHECK(value(backend.store.list_manifests(repo("a"), {}, 9)).items == std::vector{expected});

  backend.clock.advance(std::chrono::hours(1));
  REQUIRE(backend.store.put_manifest(put("a", signature)));
  CHECK(value(backend.store.list_manifests(repo("a"), {}, 9)).items.at(0).pushed ==
        first + std::chrono::hours(1));
}

TEST_CASE_TEMPLATE("MetadataStore: pulls are remembered, the newest, and not by commits", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const std::vector<std::string> contents{"1", "2", "3"};
  for (const std::string& content : contents) {
    REQUIRE(backend.store.put_manifest(put("a", manifest(content))));
  }
  const auto pulled = [&](std::string_view content) -> std::optional<Time> {
    for (const auto& listed : value(backend.store.list_manifests(repo("a"), {}, 9)).items) {
      if (listed.descriptor.digest == digest_of(content)) return listed.pulled;
    }
    return std::nullopt;
  };
  const auto sequence = backend.store.sequence();
  const Time now = backend.clock.now();
  const auto later = now + std::chrono::minutes(1);
  REQUIRE(backend.store.record_pulls({{repo("a"), digest_of("1"), now},
                                      {repo("a"), digest_of("2"), later},
                                      {repo("a"), digest_of("2"), now},
                                      {repo("a"), digest_of("gone"), now},
                                      {repo("none"), digest_of("1"), now}}));
  CHECK(pulled("1") == now);
  CHECK(pulled("2") == later);
  CHECK_FALSE(pulled("3"));
  REQUIRE(backend.store.record_pulls({{repo("a"), digest_of("1"), now - std::chrono::hours(1)},
                                      {repo("a"), digest_of("2"), later + std::chrono::hours(1)}}));
  CHECK(pulled("1") == now);
  CHECK(pulled("2") == later + std::chrono::hours(1));
  CHECK(backend.store.sequence() == sequence);
  CHECK_FALSE(value(backend.store.repository_exists(repo("none"))));
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: many pulls at once are all remembered", Backend, InMemory,
                   InRocks) {
  Backend backend;
  std::vector<index::Pull> pulls;
  for (int number = 0; number < 300; ++number) {
    const std::string content = "m" + std::to_string(number);
    REQUIRE(backend.store.put_manifest(put("a", manifest(content))));
    pulls.push_back({repo("a"), digest_of(content), backend.clock.now()});
  }
  REQUIRE(backend.store.record_pulls(pulls));
  for (const auto& listed : value(backend.store.list_manifests(repo("a"), {}, 999)).items) {
    CHECK(listed.pulled == backend.clock.now());
  }
}

TEST_CASE_TEMPLATE("MetadataStore: the pulls of a manifest go with it", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("m"))));
  REQUIRE(backend.store.record_pulls({{repo("a"), digest_of("m"), backend.clock.now()}}));
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("m"), "x"));
  REQUIRE(backend.store.put_manifest(put("a", manifest("m"))));
  CHECK_FALSE(value(backend.store.list_manifests(repo("a"), {}, 9)).items.at(0).pulled);
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: the tags of a manifest are those that name it now", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("1"), {"v2", "v1", "latest"})));
  REQUIRE(backend.store.put_manifest(put("a", manifest("2"), {"latest"})));
  const auto tags_of = [&](std::string_view repository, std::string_view content) {
    return value(backend.store.list_tags_of(repo(repository), digest_of(content)));
  };
  CHECK(tags_of("a", "1") == std::vector{tag("v1"), tag("v2")});
  CHECK(tags_of("a", "2") == std::vector{tag("latest")});
  CHECK(tags_of("a", "3").empty());
  CHECK(tags_of("none", "1").empty());
}

TEST_CASE_TEMPLATE("MetadataStore: edges are told in both directions", Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("a", "config")));
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  const auto image =
      with(with(with(manifest("m"), EdgeKind::kLayer, "layer"), EdgeKind::kLayer, "layer"),
           EdgeKind::kConfig, "config");
  REQUIRE(backend.store.put_manifest(put("a", image)));
  REQUIRE(backend.store.put_manifest(put("a", with(manifest("i"), EdgeKind::kManifest, "m"))));
  REQUIRE(backend.store.put_manifest(put("a", with(manifest("s"), EdgeKind::kSubject, "m"))));

  const auto edges = value(backend.store.list_edges(repo("a"), digest_of("m")));
  CHECK(edges == std::vector<index::Edge>{{EdgeKind::kConfig, described("config"), true},
                                          {EdgeKind::kLayer, described("layer"), true}});
  CHECK(value(backend.store.list_edges(repo("a"), digest_of("s"))) ==
        std::vector<index::Edge>{{EdgeKind::kSubject, described("m"), false}});
  CHECK(value(backend.store.list_edges(repo("b"), digest_of("m"))).empty());

  const auto parents_of = [&](std::string_view content) {
    return value(backend.store.list_parents(repo("a"), digest_of(content)));
  };
  CHECK(parents_of("m") == std::vector<Parent>{{EdgeKind::kManifest, digest_of("i")},
                                               {EdgeKind::kSubject, digest_of("s")}});
  CHECK(parents_of("layer") == std::vector<Parent>{{EdgeKind::kLayer, digest_of("m")}});
  CHECK(parents_of("i").empty());
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("i"), "x"));
  CHECK(parents_of("m") == std::vector<Parent>{{EdgeKind::kSubject, digest_of("s")}});
}

TEST_CASE_TEMPLATE("MetadataStore: a manifest goes as it was seen, or stays", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  const auto name = repo("a");
  const Digest digest = digest_of("m");
  REQUIRE(store.put_manifest(put("a", manifest("m"), {"v1", "v2"})));
  index::By by("retention");
  const auto look = [&] {
    const auto listed = value(store.list_manifests(name, {}, 9)).items.at(0);
    by.as_seen =
        index::AsSeen{listed.pushed, listed.pulled, value(store.list_tags_of(name, digest))};
  };
  const auto refused = [&] {
    return error_code(store.delete_manifest(name, digest, by)) == Errc::kConditionFailed &&
           store.find_manifest(name, digest).has_value();
  };
  look();
  SUBCASE("another tag") {
    REQUIRE(store.put_manifest(put("a", manifest("m"), {"v3"})));
    CHECK(refused());
  }
  SUBCASE("pushed again") {
    backend.clock.advance(std::chrono::seconds(1));
    REQUIRE(store.put_manifest(put("a", manifest("m"))));
    CHECK(refused());
  }
  SUBCASE("pulled") {
    REQUIRE(store.record_pulls({{name, digest, backend.clock.now()}}));
    CHECK(refused());
    look();
    CHECK(store.delete_manifest(name, digest, by).has_value());
  }
  SUBCASE("listed in an index") {
    auto index_of_it = with(manifest("i"), EdgeKind::kManifest, "m");
    REQUIRE(store.put_manifest(put("a", index_of_it)));
    CHECK(refused());
    REQUIRE(store.delete_manifest(name, digest_of("i"), "x"));
    CHECK(store.delete_manifest(name, digest, by).has_value());
  }
  SUBCASE("fewer tags, and a referrer") {
    REQUIRE(store.delete_tag(name, tag("v1"), "x"));
    REQUIRE(store.put_manifest(put("a", with(manifest("s"), EdgeKind::kSubject, "m"))));
    CHECK(store.delete_manifest(name, digest, by).has_value());
  }
}

}  // namespace
}  // namespace shale::testing
