#include "server/index/rocks/check.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "server/index/rocks/codec.h"
#include "server/index/rocks/counters.h"
#include "server/index/rocks/database.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/namespaces.h"
#include "tests/server/index/stores.h"

namespace shale::testing {
namespace {

namespace rocks = index::rocks;
namespace keys = rocks::keys;
using index::EdgeKind;
using index::RocksMetadataStore;
using index::RocksOptions;
using index::rocks::Database;
using index::rocks::Family;

index::StorePolicy with_history() {
  return {.history = [](const auto&) { return std::chrono::hours(1); }};
}

/// A store that has at least one row in every family, but for `deleted` when there is no history.
void fill(const RocksOptions& options) {
  const auto store = value(RocksMetadataStore::open(options));
  REQUIRE(store->link_blob(link("a", "layer")));
  REQUIRE(store->link_blob(link("a", "doomed link")));
  REQUIRE(store->link_blob(small("a", "small")));
  REQUIRE(store->link_blob(link("b", "doomed blob")));
  REQUIRE(store->delete_blob(repo("b"), digest_of("doomed blob")));
  auto image = with(with(manifest("m"), EdgeKind::kLayer, "layer"), EdgeKind::kSubject, "s");
  REQUIRE(store->put_manifest(put("a", image, {"v1", "v2"})));
  REQUIRE(store->delete_tag(repo("a"), tag("v2"), "x"));
  REQUIRE(store->record_pulls({{repo("a"), digest_of("m"), options.clock.now()}}));
  REQUIRE(store->open_upload({UploadId::random(), repo("a"), options.clock.now()}));
  REQUIRE(store->put_manifest(put("a", with(manifest("gone"), EdgeKind::kLayer, "layer"))));
  REQUIRE(store->delete_manifest(repo("a"), digest_of("gone"), "x"));
  REQUIRE(value(store->check()).empty());
}

std::vector<std::pair<std::string, std::string>> rows_of(const Database& database, Family family) {
  std::vector<std::pair<std::string, std::string>> rows;
  const rocks::View view(database);
  for (rocks::Scan scan(view, family, {}); scan.valid(); scan.next()) {
    rows.emplace_back(scan.key(), scan.value());
  }
  return rows;
}

/// Whether check says anything, be it that it cannot read the store to its end.
bool is_noticed(const Database& database) {
  const auto found = rocks::Checker(database).run();
  return !found || !found->empty();
}

/// A filled store, open below its interface.
struct Opened {
  FakeClock clock;
  TemporaryDirectory directory;
  index::StorePolicy policy;
  RocksOptions options{
      .path = directory / "index", .clock = clock, .lease = kLease, .policy = policy};
  std::unique_ptr<Database> database = open();

  explicit Opened(index::StorePolicy rules = with_history()) : policy(std::move(rules)) {}

  std::unique_ptr<Database> open() const {
    fill(options);
    return value(Database::open(options));
  }
  void put(Family family, const std::string& key, const std::string& bytes) const {
    REQUIRE(database->db().Put({}, database->handle(family), key, bytes).ok());
  }
  void erase(Family family, const std::string& key) const {
    REQUIRE(database->db().Delete({}, database->handle(family), key).ok());
  }
};

TEST_CASE("check: finds any row of any family that is lost") {
  const Opened at;
  int unnoticed = 0;
  for (std::size_t number = 0; number < rocks::kFamilyNames.size(); ++number) {
    const auto family = static_cast<Family>(number);
    CAPTURE(name_of(family));
    const auto rows = rows_of(*at.database, family);
    REQUIRE_FALSE(rows.empty());
    for (const auto& [key, bytes] : rows) {
      // The format is seen to when opening, and nothing points at an upload or a pull.
      if (key == keys::kFormat || family == Family::kUploads || family == Family::kPulls) {
        continue;
      }
      at.erase(family, key);
      if (family == Family::kHistory && !is_noticed(*at.database)) {
        ++unnoticed;
      } else {
        CHECK(is_noticed(*at.database));
      }
      at.put(family, key, bytes);
    }
  }
  // Of the three moves, the one that another followed has nothing that points at it.
  CHECK(unnoticed == 1);
  CHECK_FALSE(is_noticed(*at.database));
}

TEST_CASE("check: finds any row of any family that is cut off") {
  const Opened at;
  for (std::size_t number = 0; number < rocks::kFamilyNames.size(); ++number) {
    const auto family = static_cast<Family>(number);
    CAPTURE(name_of(family));
    for (const auto& [key, bytes] : rows_of(*at.database, family)) {
      if (key == keys::kFormat) {
        continue;
      }
      at.put(family, key, bytes.substr(0, bytes.size() - 1));
      CHECK(is_noticed(*at.database));
      at.put(family, key, bytes);
    }
  }
  CHECK_FALSE(is_noticed(*at.database));
}

struct Stray {
  Family family;
  std::string key;
  std::string bytes;
};

TEST_CASE("check: finds rows that nothing asked for") {
  const Opened at;
  const std::string empty = rocks::encode(rocks::EmptyRow{});
  const Digest stray = digest_of("stray");
  const std::vector<Stray> strays{
      {Family::kRepositories, "ghost", rocks::encode(rocks::RepositoryRow{1, {}})},
      {Family::kManifests, keys::content(stray), rocks::encode_content("stray")},
      {Family::kManifests, keys::content(digest_of("m")), rocks::encode_content("n")},
      {Family::kTagTargets, keys::tag_target(repo("a"), stray, tag("v1")), empty},
      {Family::kEdgesTo, keys::edge_to(repo("a"), stray, EdgeKind::kLayer, stray), empty},
      {Family::kSmallBlobs, keys::content(stray), rocks::encode_content("stray")},
      {Family::kPulls, keys::link(repo("a"), stray), encode(rocks::PullRow{})},
      {Family::kSmallBlobs, keys::content(digest_of("small")), rocks::encode_content("other")},
      {Family::kSmallBlobs, keys::content(digest_of("layer")), rocks::encode_content("layer")},
      {Family::kBlobs, keys::content(stray), rocks::encode(rocks::BlobRow{1, {}})},
      {Family::kBlobRepositories, keys::holder(digest_of("layer"), "b"), empty},
      {Family::kManifestRepositories, keys::holder(digest_of("m"), "b"), empty},
      {Family::kDoomed, keys::doomed({Time{}, index::Doomed::Kind::kBlob, "", stray}), empty},
      {Family::kDoomed, "damaged", empty},
      {Family::kUsage, keys::of_repository("ghost"), rocks::encode(index::Usage{1, 0, 0, 0, 0})},
      {Family::kUsage, keys::of_namespace("ghost"), rocks::encode(index::Usage{})},
      {Family::kUsage, keys::of_namespace(""), rocks::encode(index::Usage{1, 0, 0, 0, 0})},
      {Family::kUploads, "no uuid", rocks::encode(rocks::UploadValue{"a", {}})},
      {Family::kTags, keys::tag(repo("a"), tag("new")), rocks::encode(rocks::TagRow{stray, 1, {}})},
      {Family::kHistory, keys::history(repo("a"), tag("v1"), 99),
       rocks::encode(rocks::TagMoveRow{})},
  };
  for (const auto& [family, key, bytes] : strays) {
    CAPTURE(name_of(family));
    std::string before;
    const bool was_there =
        at.database->db().Get({}, at.database->handle(family), key, &before).ok();
    at.put(family, key, bytes);
    CHECK(is_noticed(*at.database));
    if (was_there) {
      at.put(family, key, before);
    } else {
      at.erase(family, key);
    }
  }
  CHECK_FALSE(is_noticed(*at.database));
}

/// Makes the rows of usage those of format 1.
void narrow_usage(const Opened& at) {
  for (const auto& [key, bytes] : rows_of(*at.database, Family::kUsage)) {
    if (key == keys::of_repository("")) continue;
    at.erase(Family::kUsage, key);
    if (key.find('/') == std::string::npos) {
      at.put(Family::kUsage, key, bytes.substr(0, bytes.size() - sizeof(std::uint64_t)));
    }
  }
}

TEST_CASE("usage: opening a store of format 1 counts its namespaces") {
  Opened at(index::StorePolicy{});
  narrow_usage(at);
  at.put(Family::kStore, std::string(keys::kFormat), rocks::Encoder().u32(1).take());
  at.database.reset();
  const auto store = value(RocksMetadataStore::open(at.options));
  CHECK(value(store->check()).empty());
  CHECK(value(store->usage(repo("a"))).blobs == 3);
  CHECK(value(store->usage_below("a")) == value(store->usage(repo("a"))));
  CHECK(value(store->usage_below("")) == value(store->usage(repo("a"))));
}

TEST_CASE("usage: a store of format 1 is brought along when it is opened, once") {
  const Opened at(index::StorePolicy{});
  const auto expected = rows_of(*at.database, Family::kUsage);
  narrow_usage(at);
  REQUIRE(is_noticed(*at.database));
  REQUIRE(rocks::upgrade_usage(*at.database));
  CHECK(rows_of(*at.database, Family::kUsage) == expected);
  REQUIRE(rocks::upgrade_usage(*at.database));
  CHECK(rows_of(*at.database, Family::kUsage) == expected);
  CHECK_FALSE(is_noticed(*at.database));
}

TEST_CASE("collect: a doomed row that says nothing true goes, and touches nothing else") {
  Opened store;
  const index::Doomed link{store.clock.now(), index::Doomed::Kind::kLink, "a", digest_of("layer")};
  const index::Doomed blob{store.clock.now(), index::Doomed::Kind::kBlob, "", digest_of("layer")};
  for (const index::Doomed& planted : {link, blob})
    store.put(Family::kDoomed, keys::doomed(planted), rocks::encode(rocks::EmptyRow{}));
  REQUIRE(is_noticed(*store.database));
  store.database.reset();

  const auto opened = value(RocksMetadataStore::open(store.options));
  for (const index::Doomed& planted : {link, blob})
    CHECK(value(opened->collect(planted)) == index::Collected{});
  CHECK(value(opened->check()).empty());
}

}  // namespace
}  // namespace shale::testing
