#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every metadata store does with manifests that go, where a policy has a say: those that
/// were deleted and can be had back, and those that have lost their last tag.
namespace shale::testing {
namespace {

using index::Collected;
using index::Doomed;
using index::EdgeKind;
using Outcome = index::Collected::Outcome;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr milliseconds kWindow = hours(24);

index::StorePolicy with_history() {
  return {.history = [](const auto&) { return kWindow; }};
}

index::StorePolicy with_untagged(milliseconds after) {
  return {.untagged = [after](const auto&) { return std::optional(after); }};
}

/// Collects whatever is due, to the end.
void collect_due(index::MetadataStore& store, Time now) {
  for (auto due = value(store.list_doomed(now, 100, {})); !due.empty();
       due = value(store.list_doomed(now, 100, {}))) {
    for (const Doomed& row : due) {
      if (value(store.collect(row)).outcome == Outcome::kRemoveFile)
        REQUIRE(store.file_removed(row));
    }
  }
}

/// An image of one layer in `repository`, tagged "v1".
void push(index::MetadataStore& store, const std::string& repository) {
  REQUIRE(store.link_blob(link(repository, "layer")));
  REQUIRE(
      store.put_manifest(put(repository, with(manifest("m"), EdgeKind::kLayer, "layer"), {"v1"})));
}

TEST_CASE_TEMPLATE("Deletion: a deleted manifest is out of sight, and says where it went", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  const Time pushed = backend.clock.now();
  backend.clock.advance(minutes(1));

  const auto sequence = value(store.delete_manifest(repo("a"), digest_of("m"), "alice"));

  CHECK(error_code(store.find_manifest(repo("a"), digest_of("m"))) == Errc::kManifestUnknown);
  CHECK(value(store.list_manifests(repo("a"), {}, 10)).items.empty());
  const auto deleted = value(store.find_deleted(repo("a"), digest_of("m")));
  REQUIRE(deleted);
  CHECK(deleted->descriptor.size == 1);
  CHECK(deleted->pushed == pushed);
  CHECK(deleted->deleted == backend.clock.now());
  CHECK(deleted->due == backend.clock.now() + kWindow);
  CHECK(deleted->actor == "alice");
  CHECK(deleted->tags == std::vector{tag("v1")});
  CHECK(deleted->operation == sequence);
  CHECK(value(store.list_deleted(repo("a"), {}, 10)).items == std::vector{*deleted});
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: its layers go out of sight when their lease ends, and stay stored",
                   Backend, InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  CHECK(value(store.find_blob(repo("a"), digest_of("layer"))).doomed);

  backend.clock.advance(kLease);
  collect_due(store, backend.clock.now());

  CHECK(error_code(store.find_blob(repo("a"), digest_of("layer"))) == Errc::kBlobUnknown);
  CHECK(error_code(store.mount_blob(repo("a"), repo("b"), digest_of("layer"))) ==
        Errc::kBlobUnknown);
  CHECK(value(store.list_links(repo("a"), {}, 10)).items.empty());
  CHECK(value(store.list_repositories_of_blob(digest_of("layer"), "", 10)).items.empty());
  CHECK(error_code(store.put_manifest(put("a", with(manifest("n"), EdgeKind::kLayer, "layer")))) ==
        Errc::kManifestBlobUnknown);
  CHECK(value(store.list_blobs({}, 10)).items.size() == 1);
  CHECK(value(store.usage(repo("a"))) == index::Usage{0, 0, 0, 6, 6, 6});
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: a restored manifest is as it was, with its layers", Backend, InMemory,
                   InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  REQUIRE(store.put_manifest(put("a", with(manifest("s"), EdgeKind::kSubject, "m"))));
  const auto before = value(store.usage(repo("a")));
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  backend.clock.advance(hours(23));
  collect_due(store, backend.clock.now());

  REQUIRE(store.restore_manifest({repo("a"), digest_of("m"), {tag("v1")}, "bob"}));

  CHECK(value(store.read_manifest(repo("a"), tag("v1"))).bytes == "m");
  CHECK_FALSE(value(store.find_blob(repo("a"), digest_of("layer"))).doomed);
  CHECK(value(store.list_referrers(repo("a"), digest_of("m"), {})).items.size() == 1);
  CHECK(value(store.tag_history(repo("a"), tag("v1"), 10)).front().actor == "bob");
  CHECK(value(store.usage(repo("a"))) == before);
  CHECK(all_doomed(store).empty());
  CHECK_FALSE(value(store.find_deleted(repo("a"), digest_of("m"))));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: restoring takes no tag away, and finds only what is kept", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  CHECK(error_code(store.restore_manifest({repo("a"), digest_of("m"), {}, "bob"})) ==
        Errc::kManifestUnknown);
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  REQUIRE(store.put_manifest(put("a", manifest("n"), {"v1"})));

  CHECK(error_code(store.restore_manifest({repo("a"), digest_of("m"), {tag("v1")}, "bob"})) ==
        Errc::kTagExists);
  CHECK(value(store.find_deleted(repo("a"), digest_of("m"))));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: when its history ends, everything that only it needed goes", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  backend.clock.advance(kLease);
  collect_due(store, backend.clock.now());
  backend.clock.advance(kWindow);
  collect_due(store, backend.clock.now());

  CHECK_FALSE(value(store.find_deleted(repo("a"), digest_of("m"))));
  CHECK(value(store.store_usage()) == index::StoreUsage{});
  CHECK(value(store.usage(repo("a"))) == index::Usage{});
  CHECK(all_doomed(store).empty());
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: for good, or without a history, keeps nothing", Backend, InMemory,
                   InRocks) {
  const auto expect_gone = [](auto& backend, const index::By& by) {
    push(backend.store, "a");
    REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("m"), by));
    CHECK_FALSE(value(backend.store.find_deleted(repo("a"), digest_of("m"))));
    CHECK(value(backend.store.store_usage()).manifests == 0);
    CHECK(value(backend.store.check()).empty());
  };
  Backend kept{with_history()};
  index::By by("alice");
  by.for_good = true;
  expect_gone(kept, by);
  Backend plain;
  expect_gone(plain, "alice");
}

TEST_CASE_TEMPLATE("Deletion: pushing the same manifest again ends its history", Backend, InMemory,
                   InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  backend.clock.advance(kLease);
  collect_due(store, backend.clock.now());

  push(store, "a");

  CHECK_FALSE(value(store.find_deleted(repo("a"), digest_of("m"))));
  CHECK(value(store.usage(repo("a"))) == index::Usage{1, 1, 1, 6, 6, 0});
  CHECK(all_doomed(store).empty());
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Deletion: what history keeps is held for other repositories", Backend, InMemory,
                   InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push(store, "a");
  CHECK_FALSE(value(store.is_held_elsewhere(repo("a"), digest_of("m"))));
  CHECK(value(store.is_held_elsewhere(repo("b"), digest_of("layer"))));
  REQUIRE(store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  backend.clock.advance(kLease);
  collect_due(store, backend.clock.now());
  CHECK(value(store.is_held_elsewhere(repo("b"), digest_of("m"))));
  CHECK(value(store.is_held_elsewhere(repo("b"), digest_of("layer"))));
  CHECK_FALSE(value(store.is_held_elsewhere(repo("a"), digest_of("layer"))));
}

TEST_CASE_TEMPLATE("Deletion: one that was given a tag since it was looked at is not made", Backend,
                   InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  push(store, "a");
  index::By by("alice");
  by.as_seen = index::AsSeen{.pushed = {}, .pulled = {}, .tags = {}, .whenever_used = true};
  CHECK(error_code(store.delete_manifest(repo("a"), digest_of("m"), by)) == Errc::kConditionFailed);
  by.as_seen->tags = {tag("v1")};
  CHECK(store.delete_manifest(repo("a"), digest_of("m"), by));
}

TEST_CASE("Deletion: what history keeps is there after the store is opened anew") {
  InRocks backend{with_history()};
  push(backend.store, "a");
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("m"), "alice"));
  const auto before = value(backend.store.find_deleted(repo("a"), digest_of("m")));
  backend.opened.reset();
  const auto again = backend.open();
  CHECK(value(again->find_deleted(repo("a"), digest_of("m"))) == before);
  CHECK(value(again->check()).empty());
}

TEST_CASE_TEMPLATE("Untagged: a manifest that loses its last tag goes after the time of the rule",
                   Backend, InMemory, InRocks) {
  Backend backend{with_untagged(hours(1))};
  auto& store = backend.store;
  push(store, "a");
  REQUIRE(store.put_manifest(put("a", manifest("n"), {"v1"})));

  backend.clock.advance(hours(1) - milliseconds(1));
  collect_due(store, backend.clock.now());
  CHECK(store.find_manifest(repo("a"), digest_of("m")));
  backend.clock.advance(milliseconds(1));
  collect_due(store, backend.clock.now());
  CHECK(error_code(store.find_manifest(repo("a"), digest_of("m"))) == Errc::kManifestUnknown);
  CHECK(store.find_manifest(repo("a"), tag("v1")));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Untagged: a tag, an index or a subject keeps a manifest", Backend, InMemory,
                   InRocks) {
  Backend backend{with_untagged(hours(1))};
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("a", manifest("s"), {"subject"})));
  auto image = manifest("m");
  SUBCASE("a tag") {
    REQUIRE(store.put_manifest(put("a", image, {"v1", "v2"})));
  }
  SUBCASE("an index") {
    REQUIRE(store.put_manifest(put("a", image, {"v1"})));
    REQUIRE(store.put_manifest(put("a", with(manifest("i"), EdgeKind::kManifest, "m"), {"i"})));
  }
  SUBCASE("a subject") {
    REQUIRE(store.put_manifest(put("a", with(image, EdgeKind::kSubject, "s"), {"v1"})));
  }
  SUBCASE("a tag that came back") {
    REQUIRE(store.put_manifest(put("a", image, {"v1"})));
    REQUIRE(store.delete_tag(repo("a"), tag("v1"), "x"));
    REQUIRE(store.put_manifest(put("a", image, {"v1"})));
    REQUIRE(store.put_manifest(put("a", image, {"v2"})));
  }
  REQUIRE(store.delete_tag(repo("a"), tag("v1"), "x"));

  backend.clock.advance(hours(2));
  collect_due(store, backend.clock.now());

  CHECK(store.find_manifest(repo("a"), digest_of("m")));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Untagged: one that was never tagged stays", Backend, InMemory, InRocks) {
  Backend backend{with_untagged(hours(0))};
  REQUIRE(backend.store.put_manifest(put("a", manifest("m"))));
  backend.clock.advance(hours(2));
  collect_due(backend.store, backend.clock.now());
  CHECK(backend.store.find_manifest(repo("a"), digest_of("m")));
}

TEST_CASE_TEMPLATE("Untagged: the children and the referrers of an index go with it", Backend,
                   InMemory, InRocks) {
  Backend backend{with_untagged(hours(1))};
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("a", manifest("child"))));
  REQUIRE(store.put_manifest(put("a", with(manifest("i"), EdgeKind::kManifest, "child"), {"v1"})));
  REQUIRE(store.put_manifest(put("a", with(manifest("sig"), EdgeKind::kSubject, "i"))));
  REQUIRE(store.delete_tag(repo("a"), tag("v1"), "x"));

  backend.clock.advance(hours(1));
  collect_due(store, backend.clock.now());
  backend.clock.advance(kLease);
  collect_due(store, backend.clock.now());

  CHECK(value(store.list_manifests(repo("a"), {}, 10)).items.empty());
  CHECK(value(store.store_usage()) == index::StoreUsage{});
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Untagged: never sooner than the lease", Backend, InMemory, InRocks) {
  Backend backend{with_untagged(milliseconds(0))};
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("a", manifest("m"), {"v1"})));
  REQUIRE(store.delete_tag(repo("a"), tag("v1"), "x"));
  backend.clock.advance(kLease - milliseconds(1));
  collect_due(store, backend.clock.now());
  CHECK(store.find_manifest(repo("a"), digest_of("m")));
}

}  // namespace
}  // namespace shale::testing
