#include "server/registry/retention_run.h"

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"
#include "tests/support/forwarding_metadata_store.h"

namespace shale::registry {
namespace {

using std::chrono::hours;
using testing::Bench;
using testing::digest_of;
using testing::DiskStores;
using testing::kImageManifest;
using testing::MemoryStores;
using testing::repository;
using testing::tag;
using testing::value;

const auto kApp = repository("ci/app");

Options keeping_last(std::size_t count) {
  Rule rule;
  rule.matches = [](std::string_view name) { return name.starts_with("ci/"); };
  rule.retention = Retention{.keep_last = count, .keep_pulled_within = hours(24)};
  Options options;
  options.rules = std::make_shared<const Rules>(std::vector{rule});
  return options;
}

template <class Stores>
Digest push(Bench<Stores>& bench, const index::RepositoryName& name, const std::string& label) {
  const std::string body =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],)"
      R"("annotations":{"n":")" +
      label + R"("}})";
  bench.clock().advance(hours(48));
  return value(bench.push(name, tag(label), "application/vnd.oci.image.index.v1+json", body))
      .digest;
}

Retained::Fate fate_of(const std::vector<Retained>& all, const Digest& digest) {
  for (const Retained& one : all) {
    if (one.manifest.digest == digest) return one.fate;
  }
  FAIL("not in the outcome");
  return {};
}

TEST_CASE_TEMPLATE("Registry: retention removes what no line keeps, and dry it removes nothing",
                   Stores, MemoryStores, DiskStores) {
  Bench<Stores> bench(keeping_last(1));
  const Digest old = push(bench, kApp, "1");
  const Digest pulled = push(bench, kApp, "2");
  const Digest newest = push(bench, kApp, "3");
  const Digest elsewhere = push(bench, repository("prod/app"), "1");
  REQUIRE(bench->read_manifest(kApp, tag("2")));

  const auto dry = value(bench->run_retention(kApp, RunMode::kDry));
  CHECK(fate_of(dry, old) == Retained::Fate::kWouldGo);
  CHECK(fate_of(dry, pulled) == Retained::Fate::kStays);
  CHECK(bench->stat_manifest(kApp, tag("3")).has_value());
  CHECK(value(bench.metadata().list_manifests(kApp, {}, 9)).items.size() == 3);

  const auto run = value(bench->run_retention(kApp, RunMode::kRemove));
  CHECK(fate_of(run, old) == Retained::Fate::kWent);
  CHECK(fate_of(run, newest) == Retained::Fate::kStays);
  CHECK(value(bench.metadata().list_manifests(kApp, {}, 9)).items.size() == 2);
  CHECK(value(bench.metadata().tag_history(kApp, tag("1"), 1)).at(0).actor == "retention");

  CHECK(value(bench->run_retention(repository("prod/app"), RunMode::kRemove)).empty());
  CHECK(bench.metadata().find_manifest(repository("prod/app"), elsewhere).has_value());
  CHECK(value(bench->run_retention(repository("ci/none"), RunMode::kRemove)).empty());
}

TEST_CASE("Registry: a pull is stored when it is asked to, and not before") {
  Bench<MemoryStores> bench;
  push(bench, kApp, "1");
  REQUIRE(bench->read_manifest(kApp, tag("1")));
  const auto pulled = [&] {
    return value(bench.metadata().list_manifests(kApp, {}, 9)).items.at(0).pulled;
  };
  CHECK_FALSE(pulled());
  const auto sequence = bench->sequence();
  REQUIRE(bench->store_pulls());
  CHECK(pulled() == bench.clock().now());
  CHECK(bench->sequence() == sequence);
}

TEST_CASE("Registry: retention of one that is read-only is refused, but for a dry run") {
  Bench<MemoryStores> bench(keeping_last(1));
  const Digest old = push(bench, kApp, "1");
  push(bench, kApp, "2");
  bench->set_read_only(true);
  CHECK(fate_of(value(bench->run_retention(kApp, RunMode::kDry)), old) == Retained::Fate::kWouldGo);
  CHECK(testing::error_code(bench->run_retention(kApp, RunMode::kRemove)) == Errc::kReadOnly);
  CHECK(bench.metadata().find_manifest(kApp, old).has_value());
}

/// Does something once, right before the first deletion.
class Meddling final : public testing::ForwardingMetadataStore {
 public:
  using ForwardingMetadataStore::ForwardingMetadataStore;
  Result<index::Sequence> delete_manifest(const index::RepositoryName& name, const Digest& digest,
                                          const index::By& by) override {
    if (before) std::exchange(before, nullptr)();
    return ForwardingMetadataStore::delete_manifest(name, digest, by);
  }
  std::function<void()> before;
};

TEST_CASE("run_retention: what came into use meanwhile is spared") {
  Bench<MemoryStores> bench;
  const Options options = keeping_last(1);
  const Digest old = push(bench, kApp, "1");
  push(bench, kApp, "2");
  Meddling store(bench.metadata());
  SUBCASE("tagged") {
    store.before = [&] {
      const auto body = value(bench.metadata().read_manifest(kApp, old)).bytes;
      REQUIRE(bench.push(kApp, tag("again"), "application/vnd.oci.image.index.v1+json", body));
    };
  }
  SUBCASE("pulled") {
    store.before = [&] {
      REQUIRE(bench.metadata().record_pulls({{kApp, old, bench.clock().now()}}));
    };
  }
  const auto run = value(
      run_retention(store, *options.rules, kApp, bench.clock().now(), RunMode::kRemove, nullptr));
  CHECK(fate_of(run, old) == Retained::Fate::kSpared);
  CHECK(bench.metadata().find_manifest(kApp, old).has_value());
}

TEST_CASE("run_retention: what was pulled a moment ago is spared, though the store knows nothing") {
  Bench<MemoryStores> bench;
  const Digest old = push(bench, kApp, "1");
  push(bench, kApp, "2");
  const auto run = value(run_retention(
      bench.metadata(), *keeping_last(1).rules, kApp, bench.clock().now(), RunMode::kRemove,
      [&](const index::RepositoryName&, const Digest& digest) { return digest == old; }));
  CHECK(fate_of(run, old) == Retained::Fate::kSpared);
}

TEST_CASE("run_retention: what somebody else deleted first is gone, and no error") {
  Bench<MemoryStores> bench;
  const Digest old = push(bench, kApp, "1");
  push(bench, kApp, "2");
  Meddling store(bench.metadata());
  store.before = [&] { REQUIRE(bench.metadata().delete_manifest(kApp, old, "x")); };
  const auto run = value(run_retention(store, *keeping_last(1).rules, kApp, bench.clock().now(),
                                       RunMode::kRemove, nullptr));
  CHECK(fate_of(run, old) == Retained::Fate::kWent);
}

}  // namespace
}  // namespace shale::registry
