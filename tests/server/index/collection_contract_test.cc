#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every metadata store does when it is told to let go.
namespace shale::testing {
namespace {

using index::Collected;
using index::Doomed;
using index::EdgeKind;
using Outcome = index::Collected::Outcome;

Doomed only_doomed(const index::MetadataStore& store) {
  const auto doomed = all_doomed(store);
  REQUIRE(doomed.size() == 1);
  return doomed.front();
}

std::uint64_t size(std::string_view content) {
  return content.size();
}

TEST_CASE_TEMPLATE("Collection: the last link takes what is known of the bytes with it", Backend,
                   InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));

  CHECK(value(store.collect(only_doomed(store))) == Collected{Outcome::kForgotten, size("layer")});

  CHECK(error_code(store.find_blob(repo("a"), digest_of("layer"))) == Errc::kBlobUnknown);
  CHECK_FALSE(value(store.repository_exists(repo("a"))));
  CHECK(value(store.store_usage()) == index::StoreUsage{});
  CHECK(only_doomed(store).kind == Doomed::Kind::kFile);
  CHECK(only_doomed(store).due == backend.clock.now());
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Collection: the file's row stays until the file is gone", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  REQUIRE(store.collect(only_doomed(store)));
  const Doomed file = only_doomed(store);

  // As often as it takes: the process may end between the two.
  CHECK(value(store.collect(file)).outcome == Outcome::kRemoveFile);
  CHECK(value(store.collect(file)).outcome == Outcome::kRemoveFile);
  REQUIRE(store.file_removed(file));

  CHECK(all_doomed(store).empty());
}

TEST_CASE_TEMPLATE("Collection: bytes that were pushed again keep their file", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  REQUIRE(store.collect(only_doomed(store)));
  const Doomed file = only_doomed(store);
  REQUIRE(store.link_blob(link("b", "layer")));

  CHECK(value(store.collect(file)).outcome == Outcome::kSpared);

  CHECK(only_doomed(store).kind == Doomed::Kind::kLink);
  CHECK(value(store.find_blob(repo("b"), digest_of("layer"))).size == size("layer"));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Collection: small bytes are freed in the same step", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(small("a", "config")));

  CHECK(value(store.collect(only_doomed(store))) == Collected{Outcome::kFreed, size("config")});

  CHECK_FALSE(value(store.read_small_blob(digest_of("config"))));
  CHECK(all_doomed(store).empty());
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Collection: a link that others have beside it takes no bytes along", Backend,
                   InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  REQUIRE(store.link_blob(link("b", "layer")));
  REQUIRE(store.put_manifest(put("b", with(manifest("m"), EdgeKind::kLayer, "layer"))));

  CHECK(value(store.collect(only_doomed(store))) == Collected{Outcome::kUnlinked, 0});

  CHECK(error_code(store.find_blob(repo("a"), digest_of("layer"))) == Errc::kBlobUnknown);
  CHECK(value(store.find_blob(repo("b"), digest_of("layer"))).size == size("layer"));
  CHECK(value(store.usage(repo("b"))).unique == value(store.usage(repo("b"))).logical);
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Collection: what changed since it was listed is spared", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  const Doomed listed = only_doomed(store);

  SUBCASE("a manifest names it") {
    REQUIRE(store.put_manifest(put("a", with(manifest("m"), EdgeKind::kLayer, "layer"))));
  }
  SUBCASE("its lease was renewed") {
    backend.clock.advance(std::chrono::seconds(1));
    REQUIRE(store.mount_blob(repo("a"), repo("a"), digest_of("layer")));
  }
  CHECK(value(store.collect(listed)).outcome == Outcome::kSpared);
  CHECK(value(store.find_blob(repo("a"), digest_of("layer"))).size == size("layer"));
}

TEST_CASE_TEMPLATE("Collection: the bytes of a deleted link go when their own lease has ended",
                   Backend, InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  REQUIRE(store.delete_blob(repo("a"), digest_of("layer")));
  const Doomed bytes = only_doomed(store);
  REQUIRE(bytes.kind == Doomed::Kind::kBlob);

  SUBCASE("unless somebody has it again") {
    REQUIRE(store.link_blob(link("b", "layer")));
    CHECK(value(store.collect(bytes)).outcome == Outcome::kSpared);
    CHECK(value(store.find_blob(repo("b"), digest_of("layer"))).size == size("layer"));
  }
  SUBCASE("and nothing is left of them") {
    CHECK(value(store.collect(bytes)) == Collected{Outcome::kForgotten, size("layer")});
    CHECK(value(store.store_usage()) == index::StoreUsage{});
  }
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("Collection: a blob says whether it is on its way out", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.link_blob(link("a", "layer")));
  CHECK(value(store.find_blob(repo("a"), digest_of("layer"))).doomed);
  REQUIRE(store.put_manifest(put("a", with(manifest("m"), EdgeKind::kLayer, "layer"))));
  CHECK_FALSE(value(store.find_blob(repo("a"), digest_of("layer"))).doomed);
}

TEST_CASE("Collection: what was collected stays so after the store is opened anew") {
  InRocks backend;
  REQUIRE(backend.store.link_blob(link("a", "layer")));
  REQUIRE(backend.store.collect(only_doomed(backend.store)));
  REQUIRE(backend.store.sync());

  backend.opened.reset();
  const auto again = backend.open();

  CHECK(only_doomed(*again).kind == Doomed::Kind::kFile);
  CHECK(value(again->check()).empty());
}

}  // namespace
}  // namespace shale::testing
