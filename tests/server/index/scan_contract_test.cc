#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every MetadataStore lists, and in which order.
namespace shale::testing {
namespace {

using index::EdgeKind;
using index::ReferrersQuery;
using index::TagMove;

TEST_CASE_TEMPLATE("MetadataStore: tags are listed in the order of their bytes", Backend, InMemory,
                   InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(
      put("a", manifest("m"), {"v1", "V1", "_x", "v1.0", "v1-0", "0", "v"})));
  REQUIRE(backend.store.put_manifest(put("a/b", manifest("m"), {"nested"})));
  const auto list = [&](std::string_view after, std::size_t limit) {
    return joined(value(backend.store.list_tags(repo("a"), after, limit)));
  };

  CHECK(list("", 100) == "0 V1 _x v v1 v1-0 v1.0");
  CHECK(list("", 3) == "0 V1 _x...");
  CHECK(list("_x", 3) == "v v1 v1-0...");
  CHECK(list("v1-0", 3) == "v1.0");
  CHECK(list("v1.0", 3).empty());
  CHECK(list("no such tag", 1) == "v...");
  CHECK(list({"v1\0", 3}, 100) == "v1-0 v1.0");
  CHECK(list("\xff\xff", 100).empty());
  CHECK(list("", 7) == "0 V1 _x v v1 v1-0 v1.0");
  CHECK(list("", 0).empty());
  CHECK(error_code(backend.store.list_tags(repo("none"), "", 1)) == Errc::kNameUnknown);
}

TEST_CASE_TEMPLATE("MetadataStore: repositories are listed in the order of their bytes", Backend,
                   InMemory, InRocks) {
  Backend backend;
  for (const auto* name : {"b", "a/b", "a", "a-b", "a.b", "a/b/c"}) {
    REQUIRE(backend.store.link_blob(link(name, "layer")));
  }
  const auto list = [&](std::string_view after, std::size_t limit) {
    return joined(value(backend.store.list_repositories(after, limit)));
  };
  CHECK(list("", 100) == "a a-b a.b a/b a/b/c b");
  CHECK(list("a", 2) == "a-b a.b...");
  CHECK(list("a/", 100) == "a/b a/b/c b");
  CHECK(list("zzz", 100).empty());
  CHECK(list("", 0).empty());

  const auto holders = [&](std::string_view after, std::size_t limit) {
    return joined(value(backend.store.list_repositories_of_blob(digest_of("layer"), after, limit)));
  };
  CHECK(holders("", 100) == "a a-b a.b a/b a/b/c b");
  CHECK(holders("a.b", 1) == "a/b...");
  CHECK(joined(value(backend.store.list_repositories_of_blob(digest_of("other"), "", 9))).empty());
}

index::Manifest referrer(std::string_view content, std::string_view subject, std::string type) {
  auto made = with(manifest(content), EdgeKind::kSubject, subject);
  made.artifact_type = std::move(type);
  made.annotations = {{"org.example.of", std::string(content)}, {"empty", ""}};
  return made;
}

TEST_CASE_TEMPLATE("MetadataStore: referrers come by digest with all that describes them", Backend,
                   InMemory, InRocks) {
  Backend backend;
  std::vector<index::Manifest> all;
  for (const auto* content : {"r1", "r2", "r3", "r4"}) {
    all.push_back(referrer(content, "subject", "application/vnd.example.sbom"));
    REQUIRE(backend.store.put_manifest(put("a", all.back())));
  }
  REQUIRE(backend.store.put_manifest(put("a", referrer("x", "other subject", "t"))));
  REQUIRE(backend.store.put_manifest(put("b", referrer("y", "subject", "t"))));
  std::sort(all.begin(), all.end(), [](const auto& left, const auto& right) {
    return left.descriptor.digest < right.descriptor.digest;
  });

  const auto page = value(backend.store.list_referrers(repo("a"), digest_of("subject"), {}));
  REQUIRE(page.items.size() == 4);
  CHECK_FALSE(page.more);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(page.items[i] ==
          index::Referrer{all[i].descriptor, all[i].artifact_type, all[i].annotations});
  }

  SUBCASE("page by page") {
    ReferrersQuery query;
    query.max_items = 3;
    const auto first = value(backend.store.list_referrers(repo("a"), digest_of("subject"), query));
    CHECK(first.items.size() == 3);
    CHECK(first.more);
    query.after = first.items.back().descriptor.digest;
    const auto rest = value(backend.store.list_referrers(repo("a"), digest_of("subject"), query));
    REQUIRE(rest.items.size() == 1);
    CHECK(rest.items.front().descriptor == all[3].descriptor);
    CHECK_FALSE(rest.more);
  }
  SUBCASE("a page is bounded in bytes, but never empty") {
    ReferrersQuery query;
    query.max_bytes = 1;
    const auto first = value(backend.store.list_referrers(repo("a"), digest_of("subject"), query));
    CHECK(first.items.size() == 1);
    CHECK(first.more);
  }
  SUBCASE("nobody refers to what nobody knows") {
    CHECK(value(backend.store.list_referrers(repo("a"), digest_of("?"), {})).items.empty());
    CHECK(value(backend.store.list_referrers(repo("none"), digest_of("?"), {})).items.empty());
  }
}

TEST_CASE_TEMPLATE("MetadataStore: referrers of several types, and whether more of them follow",
                   Backend, InMemory, InRocks) {
  Backend backend;
  for (const auto* content : {"r1", "r2", "r3", "r4", "r5", "r6"}) {
    const std::string type = std::string("type/") + content[1];
    REQUIRE(backend.store.put_manifest(put("a", referrer(content, "subject", type))));
  }
  const auto list = [&](std::vector<std::string> types, std::size_t limit) {
    ReferrersQuery query;
    query.artifact_types = std::move(types);
    query.max_items = limit;
    return value(backend.store.list_referrers(repo("a"), digest_of("subject"), query));
  };
  CHECK(list({"type/2"}, 10).items.size() == 1);
  CHECK(list({"type/2", "type/5"}, 10).items.size() == 2);
  CHECK(list({"type/9"}, 10).items.empty());
  CHECK_FALSE(list({"type/2"}, 1).more);
  CHECK(list({"type/2", "type/5"}, 1).more);
}

TEST_CASE_TEMPLATE("MetadataStore: referrers stay when the subject goes, and go when they go",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("subject"))));
  const auto signature = referrer("signature", "subject", "t");
  REQUIRE(backend.store.put_manifest(put("a", signature)));
  const auto count = [&] {
    return value(backend.store.list_referrers(repo("a"), digest_of("subject"), {})).items.size();
  };
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("subject"), "x"));
  CHECK(count() == 1);
  REQUIRE(backend.store.delete_manifest(repo("a"), signature.descriptor.digest, "x"));
  CHECK(count() == 0);
}

TEST_CASE_TEMPLATE("MetadataStore: the history has every move of a tag and nothing else", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const auto first = manifest("1");
  const auto second = manifest("2");
  const Time start = backend.clock.now();
  auto request = put("a", first, {"v1"});
  request.actor = "alice";
  REQUIRE(backend.store.put_manifest(request));
  REQUIRE(backend.store.put_manifest(request));  // does not move it
  backend.clock.advance(std::chrono::seconds(1));
  REQUIRE(backend.store.put_manifest(put("a", second, {"v1", "v10"})));
  backend.clock.advance(std::chrono::seconds(1));
  REQUIRE(backend.store.delete_tag(repo("a"), tag("v1"), "bob"));
  REQUIRE(backend.store.put_manifest(put("a", first, {"v1"})));
  REQUIRE(backend.store.delete_manifest(repo("a"), first.descriptor.digest, "carol"));

  const Time later = start + std::chrono::seconds(2);
  const std::vector<TagMove> expected{
      {6, later, "carol", std::nullopt},
      {5, later, "tester", first.descriptor.digest},
      {4, later, "bob", std::nullopt},
      {3, start + std::chrono::seconds(1), "tester", second.descriptor.digest},
      {1, start, "alice", first.descriptor.digest},
  };
  CHECK(value(backend.store.tag_history(repo("a"), tag("v1"), 100)) == expected);
  CHECK(value(backend.store.tag_history(repo("a"), tag("v1"), 1)).size() == 1);
  CHECK(value(backend.store.tag_history(repo("a"), tag("v10"), 100)).size() == 1);
  CHECK(value(backend.store.tag_history(repo("a"), tag("v"), 100)).empty());
  CHECK(value(backend.store.tag_history(repo("none"), tag("v1"), 100)).empty());

  SUBCASE("and outlives the repository") {
    REQUIRE(backend.store.delete_manifest(repo("a"), second.descriptor.digest, "x"));
    CHECK_FALSE(value(backend.store.repository_exists(repo("a"))));
    CHECK(value(backend.store.tag_history(repo("a"), tag("v1"), 100)).size() == 5);
  }
}

TEST_CASE_TEMPLATE("MetadataStore: what is due is listed, the longest overdue first", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("b", "1")));
  backend.clock.advance(std::chrono::minutes(1));
  REQUIRE(backend.store.link_blob(link("a", "2")));
  const Time first_due = backend.clock.now() + kLease - std::chrono::minutes(1);

  const auto due = [&](Time now, std::size_t limit) {
    std::string names;
    for (const auto& row : value(backend.store.list_doomed(now, limit, {}))) {
      names += row.repository;
    }
    return names;
  };
  CHECK(due(first_due - std::chrono::milliseconds(1), 10).empty());
  CHECK(due(first_due, 10) == "b");
  CHECK(due(first_due + std::chrono::minutes(1), 10) == "ba");
  CHECK(due(first_due + std::chrono::minutes(1), 1) == "b");
}

TEST_CASE_TEMPLATE("MetadataStore: a sound store has nothing to report", Backend, InMemory,
                   InRocks) {
  Backend backend;
  CHECK(value(backend.store.check()).empty());
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  REQUIRE(backend.store.put_manifest(
      put("a", with(referrer("r", "subject", "t"), EdgeKind::kLayer, "layer"), {"v1"})));
  CHECK(value(backend.store.check()).empty());
}

}  // namespace
}  // namespace shale::testing
