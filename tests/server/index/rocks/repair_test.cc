#include "server/index/rocks/repair.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "server/index/rocks/database.h"
#include "server/index/rocks/keys.h"
#include "tests/server/index/stores.h"

namespace shale::testing {
namespace {

namespace rocks = index::rocks;
using index::EdgeKind;
using index::Manifest;
using index::RocksMetadataStore;
using index::RocksOptions;
using rocks::Database;
using rocks::Family;

using Rows = std::map<std::pair<Family, std::string>, std::string>;

/// A store with something in every family, and what a repair is told of manifests and files.
struct Repairable {
  FakeClock clock;
  TemporaryDirectory directory;
  RocksOptions options{.path = directory / "index",
                       .clock = clock,
                       .lease = kLease,
                       .policy = {.history = [](const auto&) { return std::chrono::hours(1); }}};
  std::map<Digest, Manifest> manifests;
  std::set<std::string> files{"layer", "doomed link", "doomed blob", "kept"};
  std::unique_ptr<RocksMetadataStore> store = value(RocksMetadataStore::open(options));

  Repairable() {
    REQUIRE(store->link_blob(link("a", "layer")));
    REQUIRE(store->link_blob(link("a", "kept")));
    REQUIRE(store->link_blob(link("b", "layer")));
    REQUIRE(store->link_blob(link("a", "doomed link")));
    REQUIRE(store->link_blob(small("a", "small")));
    REQUIRE(store->link_blob(link("b", "doomed blob")));
    REQUIRE(store->delete_blob(repo("b"), digest_of("doomed blob")));
    push("a",
         with(with(with(manifest("m"), EdgeKind::kLayer, "layer"), EdgeKind::kConfig, "small"),
              EdgeKind::kSubject, "s"),
         {"v1", "v2"});
    push("b", with(manifest("n"), EdgeKind::kLayer, "layer"), {"v1"});
    push("a", with(manifest("i"), EdgeKind::kManifest, "m"), {"v2"});
    push("a", with(manifest("gone"), EdgeKind::kLayer, "kept"), {});
    REQUIRE(store->delete_tag(repo("a"), tag("v2"), "x"));
    REQUIRE(store->delete_manifest(repo("a"), digest_of("gone"), "x"));
    REQUIRE(store->record_pulls({{repo("a"), digest_of("m"), clock.now()}}));
    REQUIRE(store->open_upload({UploadId::random(), repo("a"), clock.now()}));
    // The layer that only history names goes out of sight.
    clock.advance(kLease * 2);
    for (const auto& doomed : value(store->list_doomed(clock.now(), 100, {}))) {
      if (doomed.digest == digest_of("kept")) REQUIRE(store->collect(doomed));
    }
    REQUIRE(value(store->check()).empty());
  }

  void push(const std::string& name, const Manifest& pushed, std::vector<std::string> tags) {
    manifests.insert_or_assign(pushed.descriptor.digest, pushed);
    REQUIRE(store->put_manifest(put(name, pushed, std::move(tags))));
  }

  index::RepairSources sources() const {
    return {.parse = [this](const Digest& digest, std::string_view,
                            std::string_view) -> Result<Manifest> {
              const auto found = manifests.find(digest);
              if (found == manifests.end()) return Error{Errc::kManifestInvalid, digest.str()};
              return found->second;
            },
            .file_size = [this](const Digest& digest) -> Result<std::optional<std::uint64_t>> {
              for (const std::string& file : files) {
                if (digest_of(file) == digest) return std::optional<std::uint64_t>(file.size());
              }
              return std::optional<std::uint64_t>();
            }};
  }

  /// Works on the rows themselves, with the store closed.
  template <class Work>
  void below(Work work) {
    store.reset();
    {
      const auto database = value(Database::open(options));
      work(*database);
    }
    store = value(RocksMetadataStore::open(options));
  }
  Rows rows() {
    Rows all;
    below([&](const Database& database) {
      const rocks::View view(database);
      for (std::size_t number = 0; number < rocks::kFamilyNames.size(); ++number) {
        const auto family = static_cast<Family>(number);
        if (family == Family::kStore) continue;
        for (rocks::Scan scan(view, family, {}); scan.valid(); scan.next())
          all.emplace(std::pair(family, std::string(scan.key())), scan.value());
      }
    });
    return all;
  }
  void lose(Family family, const std::string& key) {
    below([&](const Database& database) {
      REQUIRE(database.db().Delete({}, database.handle(family), key).ok());
    });
  }
  void lose(Family family) {
    for (const auto& [where, bytes] : rows()) {
      if (where.first == family) lose(family, where.second);
    }
  }
  void cut(Family family) {
    for (const auto& [where, bytes] : rows()) {
      if (where.first != family) continue;
      below([&](const Database& database) {
        REQUIRE(
            database.db()
                .Put({}, database.handle(family), where.second, bytes.substr(0, bytes.size() - 1))
                .ok());
      });
    }
  }
  std::uint64_t repair() { return value(store->repair(sources())); }
};

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines)
    all += line + "\n";
  return all;
}

TEST_CASE("repair: changes nothing where all is well") {
  Repairable at;
  const Rows before = at.rows();
  const auto sequence = at.store->sequence();
  CHECK(at.repair() == 0);
  CHECK(at.store->sequence() == sequence);
  CHECK(at.rows() == before);
}

TEST_CASE("repair: changes nothing in a store that never had anything, or has nothing any more") {
  FakeClock clock;
  TemporaryDirectory directory;
  const auto store = value(RocksMetadataStore::open(
      {.path = directory / "index", .clock = clock, .lease = kLease, .policy = {}}));
  const index::RepairSources sources{
      .parse = [](const Digest&, std::string_view, std::string_view) -> Result<Manifest> {
        return Error{Errc::kManifestInvalid, "there is none"};
      },
      .file_size = [](const Digest&) -> Result<std::optional<std::uint64_t>> {
        return std::optional<std::uint64_t>();
      }};
  CHECK(value(store->repair(sources)) == 0);

  REQUIRE(store->link_blob(link("a", "layer")));
  clock.advance(kLease * 2);
  for (const auto& doomed : value(store->list_doomed(clock.now(), 100, {})))
    REQUIRE(store->collect(doomed));
  REQUIRE(value(store->store_usage()) == index::StoreUsage{});
  CHECK(value(store->repair(sources)) == 0);
  CHECK(value(store->check()).empty());
}

TEST_CASE("repair: only to look writes nothing, and sees what a check cannot") {
  Repairable at;
  const Rows before = at.rows();
  auto sources = at.sources();
  sources.only_look = true;
  CHECK(value(at.store->repair(sources)) == 0);
  // Lost in both directions, so that no row contradicts another.
  const auto layer = digest_of("layer");
  at.lose(Family::kEdges, rocks::keys::edge(repo("b"), digest_of("n"), EdgeKind::kLayer, layer));
  at.lose(Family::kEdgesTo,
          rocks::keys::edge_to(repo("b"), layer, EdgeKind::kLayer, digest_of("n")));
  const Rows damaged = at.rows();
  CHECK(value(at.store->repair(sources)) > 0);
  CHECK(at.rows() == damaged);
  CHECK(at.repair() > 0);
  CHECK(at.rows() == before);
}

TEST_CASE("repair: a manifest that nobody can read any more keeps its edges") {
  Repairable at;
  const Rows before = at.rows();
  at.manifests.clear();
  CHECK(at.repair() == 0);
  CHECK(at.rows() == before);
  at.lose(Family::kEdgesTo,
          rocks::keys::edge_to(repo("b"), digest_of("layer"), EdgeKind::kLayer, digest_of("n")));
  at.repair();
  CHECK(at.rows() == before);
}

TEST_CASE("repair: what follows from the rest is as it was") {
  Repairable at;
  const Rows before = at.rows();
  for (const Family family :
       {Family::kManifestRepositories, Family::kTags, Family::kTagTargets, Family::kEdges,
        Family::kEdgesTo, Family::kBlobRepositories, Family::kDoomed, Family::kUsage}) {
    CAPTURE(name_of(family));
    at.lose(family);
    REQUIRE_FALSE(value(at.store->check()).empty());
    CHECK(at.repair() > 0);
    CHECK(joined(value(at.store->check())) == "");
    CHECK(at.rows() == before);
    at.cut(family);
    CHECK(at.repair() > 0);
    CHECK(joined(value(at.store->check())) == "");
    CHECK(at.rows() == before);
    CHECK(at.repair() == 0);
  }
}

TEST_CASE("repair: whatever family is lost, the store agrees with itself again") {
  for (std::size_t number = 1; number < rocks::kFamilyNames.size(); ++number) {
    const auto family = static_cast<Family>(number);
    for (const bool lose : {true, false}) {
      CAPTURE(name_of(family));
      CAPTURE(lose);
      Repairable at;
      lose ? at.lose(family) : at.cut(family);
      at.repair();
      CHECK(joined(value(at.store->check())) == "");
      CHECK(at.repair() == 0);
    }
  }
}

TEST_CASE("repair: images can be pulled again whose links were lost") {
  Repairable at;
  at.lose(Family::kManifestLinks);
  at.lose(Family::kBlobLinks);
  at.lose(Family::kRepositories);
  at.lose(Family::kBlobs);
  REQUIRE(at.repair() > 0);
  CHECK(joined(value(at.store->check())) == "");
  CHECK(value(at.store->find_manifest(repo("a"), tag("v1"))).digest == digest_of("m"));
  CHECK(value(at.store->find_blob(repo("a"), digest_of("layer"))).size == 5);
  CHECK(value(at.store->find_blob(repo("a"), digest_of("small"))).size == 5);
  CHECK(value(at.store->find_blob(repo("b"), digest_of("layer"))).size == 5);
  CHECK(value(at.store->list_referrers(repo("a"), digest_of("s"), {})).items.size() == 1);
  // What was deleted is still not seen, and can still be had back.
  CHECK(error_code(at.store->find_manifest(repo("a"), digest_of("gone"))) ==
        Errc::kManifestUnknown);
  CHECK(error_code(at.store->find_blob(repo("a"), digest_of("kept"))) == Errc::kBlobUnknown);
  REQUIRE(at.store->restore_manifest({repo("a"), digest_of("gone"), {}, "x"}));
  CHECK(value(at.store->find_blob(repo("a"), digest_of("kept"))).size == 4);
  CHECK(joined(value(at.store->check())) == "");
}

TEST_CASE("repair: a tag whose manifest is lost goes, and its history says so") {
  Repairable at;
  at.lose(Family::kManifests, rocks::keys::content(digest_of("m")));
  REQUIRE(at.repair() > 0);
  CHECK(joined(value(at.store->check())) == "");
  CHECK(error_code(at.store->find_manifest(repo("a"), tag("v1"))) == Errc::kManifestUnknown);
  const auto history = value(at.store->tag_history(repo("a"), tag("v1"), 10));
  REQUIRE(history.size() == 2);
  CHECK_FALSE(history[0].digest.has_value());
  CHECK(history[0].sequence == at.store->sequence());
}

TEST_CASE("repair: a manifest of sparse images gains no blob that its repository never had") {
  Repairable at;
  at.lose(Family::kBlobLinks);
  at.lose(Family::kBlobRepositories);
  auto sources = at.sources();
  sources.link_what_is_named = false;
  REQUIRE(at.store->repair(sources));
  CHECK(joined(value(at.store->check())) == "");
  CHECK(error_code(at.store->find_blob(repo("a"), digest_of("layer"))) == Errc::kBlobUnknown);
}

TEST_CASE("repair: one that was ended in the middle is finished by the next") {
  // A source that fails stops the run wherever a file is asked for.
  for (int left = 0; left < 12; ++left) {
    CAPTURE(left);
    Repairable at;
    at.lose(Family::kManifestLinks);
    at.lose(Family::kBlobLinks);
    at.lose(Family::kEdgesTo);
    auto sources = at.sources();
    int calls = left;
    const auto file_size = sources.file_size;
    sources.file_size = [&](const Digest& digest) -> Result<std::optional<std::uint64_t>> {
      if (calls-- == 0) return Error{Errc::kIo, "injected"};
      return file_size(digest);
    };
    static_cast<void>(at.store->repair(sources));
    at.below([](const Database&) {});  // closed and opened again
    at.repair();
    CHECK(joined(value(at.store->check())) == "");
    CHECK(value(at.store->find_blob(repo("a"), digest_of("layer"))).size == 5);
  }
}

}  // namespace
}  // namespace shale::testing
