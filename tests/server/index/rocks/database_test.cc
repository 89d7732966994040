#include "server/index/rocks/database.h"

#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include "server/index/rocks/codec.h"
#include "server/index/rocks/keys.h"
#include "tests/server/index/rocks/store_directory.h"

/// Which stores are opened, and which are refused.
namespace shale::testing {
namespace {

using index::RocksOptions;

void put_row(const RocksOptions& options, index::rocks::Family family, std::string_view key,
             const std::string& bytes) {
  const auto database = value(index::rocks::Database::open(options));
  REQUIRE(database->db()
              .Put({}, database->handle(family), rocksdb::Slice(key), rocksdb::Slice(bytes))
              .ok());
}

TEST_CASE("Database: a store of a newer format is refused with words") {
  Directory at;
  at.open().reset();
  put_row(at.options, index::rocks::Family::kStore, index::rocks::keys::kFormat,
          index::rocks::Encoder().u32(4).take());
  CHECK(at.refusal(Errc::kInvalidArgument).find("format 4") != std::string::npos);
}

TEST_CASE("Database: a damaged format row is refused with words") {
  Directory at;
  at.open().reset();
  put_row(at.options, index::rocks::Family::kStore, index::rocks::keys::kFormat, "?");
  CHECK(at.refusal(Errc::kCorrupt).find("damaged") != std::string::npos);
}

TEST_CASE("Database: a column family of a newer version is refused with words") {
  Directory at;
  at.open().reset();
  {
    const auto database = value(index::rocks::Database::open(at.options));
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    REQUIRE(database->db().CreateColumnFamily({}, "from_the_future", &handle).ok());
    REQUIRE(database->db().DestroyColumnFamilyHandle(handle).ok());
  }
  CHECK(at.refusal(Errc::kInvalidArgument).find("newer version") != std::string::npos);
}

TEST_CASE("Database: a store that lost a column family is refused, not filled up") {
  Directory at;
  at.open().reset();
  {
    const auto database = value(index::rocks::Database::open(at.options));
    REQUIRE(database->db().DropColumnFamily(database->handle(index::rocks::Family::kTags)).ok());
  }
  CHECK(at.refusal(Errc::kCorrupt).find("damaged") != std::string::npos);
}

/// Takes a store back to an older format, in which `lost` is missing besides.
void make_format(std::uint32_t format, const RocksOptions& options,
                 std::optional<index::rocks::Family> lost) {
  using namespace index::rocks;
  const auto database = value(Database::open(options));
  const std::size_t families = format == 1 ? kFamiliesOfFormat1 : kFamiliesOfFormat2;
  for (std::size_t family = families; family < kFamilyNames.size(); ++family) {
    const auto newer = static_cast<Family>(family);
    REQUIRE(database->db().DropColumnFamily(database->handle(newer)).ok());
  }
  if (lost) {
    REQUIRE(database->db().DropColumnFamily(database->handle(*lost)).ok());
  }
  REQUIRE(database->db()
              .Put({}, database->handle(Family::kStore), rocksdb::Slice(keys::kFormat),
                   Encoder().u32(format).take())
              .ok());
}

TEST_CASE("Database: a store of an older format opens, keeps what it has and gains more") {
  Directory at;
  std::uint32_t format = 0;
  SUBCASE("1") {
    format = 1;
  }
  SUBCASE("2") {
    format = 2;
  }
  REQUIRE(at.open()->put_manifest(put("a", manifest("m"), {"v1"})));
  make_format(format, at.options, std::nullopt);
  at.options.policy.history = [](const auto&) { return std::chrono::hours(1); };
  for (int start = 0; start < 2; ++start) {
    const auto store = at.open();
    CHECK(value(store->find_manifest(repo("a"), tag("v1"))).digest == digest_of("m"));
    REQUIRE(store->record_pulls({{repo("a"), digest_of("m"), at.clock.now()}}));
    CHECK(value(store->list_manifests(repo("a"), {}, 1)).items.at(0).pulled == at.clock.now());
    REQUIRE(store->delete_manifest(repo("a"), digest_of("m"), "x"));
    REQUIRE(store->restore_manifest({repo("a"), digest_of("m"), {tag("v1")}, "x"}));
    CHECK(value(store->check()).empty());
  }
  const auto database = value(index::rocks::Database::open(at.options));
  const auto row = value(
      index::rocks::View(*database).get(index::rocks::Family::kStore, index::rocks::keys::kFormat));
  CHECK(row == index::rocks::Encoder().u32(3).take());
}

TEST_CASE("Database: a store of format 1 that lost a column family is refused") {
  Directory at;
  at.open().reset();
  make_format(1, at.options, index::rocks::Family::kTags);
  CHECK(at.refusal(Errc::kCorrupt).find("damaged") != std::string::npos);
}

}  // namespace
}  // namespace shale::testing
