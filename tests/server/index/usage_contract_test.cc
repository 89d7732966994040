#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every MetadataStore counts for namespaces, and how it keeps to their quotas.
namespace shale::testing {
namespace {

using index::EdgeKind;
using index::Quota;
using index::Usage;

/// Quotas by namespace, as a server has them from its configuration.
index::StorePolicy limited_by(std::vector<Quota> quotas) {
  index::StorePolicy policy;
  policy.quotas = [quotas = std::move(quotas)](const index::RepositoryName& repository) {
    std::vector<Quota> covering;
    for (const Quota& quota : quotas) {
      if ((repository.str() + '/').starts_with(quota.name_space + '/')) covering.push_back(quota);
    }
    return covering;
  };
  return policy;
}

struct LimitedInMemory {
  explicit LimitedInMemory(const std::vector<Quota>& quotas)
      : store(clock, kLease, limited_by(quotas)) {}
  FakeClock clock;
  index::MemoryMetadataStore store;
};

struct LimitedInRocks {
  explicit LimitedInRocks(const std::vector<Quota>& quotas)
      : opened(
            value(index::RocksMetadataStore::open({.path = directory / "index",
                                                   .clock = clock,
                                                   .lease = kLease,
                                                   .policy = limited_by(quotas),
                                                   .durability = index::Durability::kRelaxed}))) {}
  FakeClock clock;
  TemporaryDirectory directory;
  std::unique_ptr<index::RocksMetadataStore> opened;
  index::MetadataStore& store = *opened;
};

template <class T>
std::string detail(const Result<T>& result) {
  return result || result.error().details.empty() ? "" : result.error().details.front();
}

TEST_CASE_TEMPLATE("MetadataStore: a namespace counts what is in it, itself one of them", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("team", "1")));
  REQUIRE(backend.store.link_blob(link("team/a", "22")));
  REQUIRE(backend.store.link_blob(link("team/a/b", "333")));
  REQUIRE(backend.store.link_blob(link("team-a", "4444")));
  REQUIRE(backend.store.link_blob(link("teams", "55555")));
  REQUIRE(backend.store.put_manifest(put("team/a", manifest("m"), {"v1", "v2"})));

  const auto below = [&](std::string_view name) { return value(backend.store.usage_below(name)); };
  CHECK(below("team") == Usage{1, 2, 3, 7, 7});
  CHECK(below("team/a") == Usage{1, 2, 2, 6, 6});
  CHECK(below("team/a/b") == Usage{0, 0, 1, 3, 3});
  CHECK(below("team-a") == Usage{0, 0, 1, 4, 4});
  CHECK(below("tea") == Usage{});
  CHECK(below("team/b") == Usage{});
  CHECK(below("") == Usage{1, 2, 5, 16, 16});
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: what a namespace shares with another is not unique to it",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.link_blob(link("one/a", "layer")));
  REQUIRE(backend.store.mount_blob(repo("one/a"), repo("two/b"), digest_of("layer")));
  CHECK(value(backend.store.usage_below("one")) == Usage{0, 0, 1, 5, 0});
  CHECK(value(backend.store.usage_below("two")) == Usage{0, 0, 1, 5, 0});
  CHECK(value(backend.store.usage_below("")) == Usage{0, 0, 2, 10, 0});
  REQUIRE(backend.store.delete_blob(repo("two/b"), digest_of("layer")));
  CHECK(value(backend.store.usage_below("one")) == Usage{0, 0, 1, 5, 5});
  CHECK(value(backend.store.usage_below("two")) == Usage{});
  REQUIRE(backend.store.delete_blob(repo("one/a"), digest_of("layer")));
  CHECK(value(backend.store.usage_below("")) == Usage{});
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: more bytes than a quota leaves are refused with numbers",
                   Backend, LimitedInMemory, LimitedInRocks) {
  Backend backend({{"team", 10, std::nullopt}});
  REQUIRE(backend.store.link_blob(link("team/a", "1234567")));
  const auto refused = backend.store.link_blob(link("team/b", "1234"));
  CHECK(error_code(refused) == Errc::kQuotaExceeded);
  CHECK(detail(refused) == "the namespace team may hold 10 bytes and holds 7: no room for 4 more");
  CHECK(error_code(backend.store.find_blob(repo("team/b"), digest_of("1234"))) ==
        Errc::kBlobUnknown);
  CHECK(backend.store.sequence() == 1);

  // Up to the last byte, elsewhere, and again when there is room.
  CHECK(backend.store.link_blob(link("team", "123")));
  CHECK(backend.store.link_blob(link("teams", "1234")));
  CHECK(error_code(backend.store.mount_blob(repo("teams"), repo("team"), digest_of("1234"))) ==
        Errc::kQuotaExceeded);
  CHECK(error_code(backend.store.put_manifest(put("team/a", manifest("m")))) ==
        Errc::kQuotaExceeded);
  REQUIRE(backend.store.delete_blob(repo("team/a"), digest_of("1234567")));
  CHECK(backend.store.mount_blob(repo("teams"), repo("team"), digest_of("1234")));
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: more tags than a quota leaves are refused", Backend,
                   LimitedInMemory, LimitedInRocks) {
  Backend backend({{"team", std::nullopt, 2}});
  REQUIRE(backend.store.put_manifest(put("team/a", manifest("m"), {"v1"})));
  const auto refused = backend.store.put_manifest(put("team/a", manifest("n"), {"v2", "v3"}));
  CHECK(error_code(refused) == Errc::kQuotaExceeded);
  CHECK(detail(refused) == "the namespace team may hold 2 tags and holds 1: no room for 2 more");
  CHECK(error_code(backend.store.find_manifest(repo("team/a"), digest_of("n"))) ==
        Errc::kManifestUnknown);
  CHECK(backend.store.put_manifest(put("team/a", manifest("n"), {"v2", "v2", "v1"})));
  CHECK(backend.store.put_manifest(put("team/b", manifest("n"))));
  CHECK(error_code(backend.store.put_manifest(put("team/b", manifest("n"), {"v1"}))) ==
        Errc::kQuotaExceeded);
}

TEST_CASE_TEMPLATE("MetadataStore: a push that finds its work done passes a full quota", Backend,
                   LimitedInMemory, LimitedInRocks) {
  Backend backend({{"team", 6, 1}});
  REQUIRE(backend.store.link_blob(link("team", "12345")));
  const auto image = with(manifest("m"), EdgeKind::kLayer, "12345");
  REQUIRE(backend.store.put_manifest(put("team", image, {"v1"})));
  REQUIRE(value(backend.store.usage_below("team")).logical == 6);
  CHECK(backend.store.link_blob(link("team", "12345")));
  CHECK(backend.store.mount_blob(repo("team"), repo("team"), digest_of("12345")));
  CHECK(backend.store.put_manifest(put("team", image, {"v1"})));
  CHECK(error_code(backend.store.put_manifest(put("team", image, {"v2"}))) == Errc::kQuotaExceeded);
}

TEST_CASE_TEMPLATE("MetadataStore: every quota that covers a repository counts", Backend,
                   LimitedInMemory, LimitedInRocks) {
  Backend backend({{"a", 8, std::nullopt}, {"a/b", 4, std::nullopt}});
  REQUIRE(backend.store.link_blob(link("a/b", "1234")));
  const auto both = backend.store.link_blob(link("a/b", "12345"));
  REQUIRE(error_code(both) == Errc::kQuotaExceeded);
  CHECK(both.error().details.size() == 2);
  CHECK(backend.store.link_blob(link("a/c", "4321")));
  CHECK(error_code(backend.store.link_blob(link("a/c", "1"))) == Errc::kQuotaExceeded);
}

TEST_CASE_TEMPLATE("MetadataStore: pushes at the same time fill a quota exactly", Backend,
                   LimitedInMemory, LimitedInRocks) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20;
  Backend backend({{"team", 4 * 30, std::nullopt}});
  std::atomic<int> taken = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int number = 0; number < kEach; ++number) {
          const std::string content = std::to_string(1000 + thread * kEach + number);
          const auto done =
              backend.store.link_blob(link("team/" + std::to_string(thread), content));
          if (done) ++taken;
          if (!done && done.error().code == Errc::kQuotaExceeded) ++refused;
        }
      });
    }
  }
  CHECK(taken == 30);
  CHECK(refused == kThreads * kEach - 30);
  CHECK(value(backend.store.usage_below("team")).logical == 4 * 30);
}

}  // namespace
}  // namespace shale::testing
