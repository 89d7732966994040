#include <atomic>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "server/registry/collector.h"
#include "tests/server/registry/fixture.h"
#include "tests/support/from_environment.h"

namespace shale::testing {
namespace {

using namespace std::chrono_literals;
using registry::CollectReport;
using registry::CollectWhat;
using std::string;

constexpr std::size_t kAll = 1'000'000;

const auto kApp = repository("team/app");
const auto kOther = repository("team/other");

template <class Stores>
CollectReport collect(Bench<Stores>& registry, CollectWhat what = CollectWhat::kDue) {
  return value(registry->collect(what, kAll));
}

/// Lets the leases end, also the one that every start holds.
template <class Stores>
void wait_out(Bench<Stores>& registry) {
  registry.clock().advance(registry::Options().lease * 3);
}

string image_of(std::string_view config, std::string_view layer) {
  return R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","config":)" +
         descriptor(kImageConfig, config) + R"(,"layers":[)" + descriptor(kImageLayer, layer) +
         "]}";
}

/// A manifest of a config and a layer, which are pushed too.
template <class Stores>
Digest push_image(Bench<Stores>& registry, const index::RepositoryName& name,
                  std::string_view config, std::string_view layer, const index::Tag& to) {
  registry.push_blob(name, config);
  registry.push_blob(name, layer);
  return value(registry.push(name, to, kImageManifest, image_of(config, layer))).digest;
}

TEST_CASE_TEMPLATE("Collection: deleting the last manifest frees its layers once the lease ends",
                   Stores, MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  const Digest image = push_image(registry, kApp, "config", "a layer", tag("1"));
  push_image(registry, kApp, "config", "another layer", tag("2"));
  wait_out(registry);
  REQUIRE(registry->delete_manifest(kApp, image, "tester"));

  SUBCASE("not before") {
    registry.clock().advance(registry::Options().lease - 1s);
    CHECK(collect(registry).blobs == 0);
    CHECK(registry.read_blob(kApp, digest_of("a layer")) == "a layer");
  }
  SUBCASE("and what others need stays") {
    wait_out(registry);
    const CollectReport done = collect(registry);
    CHECK(done.links == 1);
    CHECK(done.blobs == 1);
    CHECK(done.bytes == string("a layer").size());
    CHECK(error_code(registry->open_blob(kApp, digest_of("a layer"))) == Errc::kBlobUnknown);
    CHECK(error_code(registry.blobs().size(digest_of("a layer"))) == Errc::kBlobUnknown);
    CHECK(registry.read_blob(kApp, digest_of("config")) == "config");
    CHECK(registry->collected().bytes == done.bytes);
  }
  SUBCASE("or at once when that is asked for") {
    CHECK(collect(registry, CollectWhat::kAllOfIt).blobs == 1);
  }
  CHECK(value(registry.metadata().check()).empty());
}

TEST_CASE_TEMPLATE("Collection: a layer that another repository has stays on the disk", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  const Digest image = push_image(registry, kApp, "config", "layer", tag("1"));
  push_image(registry, kOther, "config", "layer", tag("1"));
  REQUIRE(registry->delete_manifest(kApp, image, "tester"));

  const CollectReport done = collect(registry, CollectWhat::kAllOfIt);

  CHECK(done.links == 2);
  CHECK(done.blobs == 0);
  CHECK(registry.read_blob(kOther, digest_of("layer")) == "layer");
}

TEST_CASE_TEMPLATE(
    "Collection: who HEADs a blob that is on its way out can still push its manifest", Stores,
    MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "config");
  registry.push_blob(kApp, "layer");
  wait_out(registry);

  REQUIRE(registry->stat_blob(kApp, digest_of("layer")));
  REQUIRE(registry->stat_blob(kApp, digest_of("config")));
  CHECK(collect(registry).links == 0);
  registry.clock().advance(registry::Options().lease - 1s);
  CHECK(collect(registry).links == 0);

  CHECK(registry.push(kApp, tag("1"), kImageManifest, image_of("config", "layer")));
  wait_out(registry);
  CHECK(collect(registry).links == 0);
  CHECK(registry.read_blob(kApp, digest_of("layer")) == "layer");
}

TEST_CASE_TEMPLATE(
    "Collection: who mounts a blob that is on its way out can still push its manifest", Stores,
    MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "config");
  registry.push_blob(kApp, "layer");
  wait_out(registry);

  REQUIRE(value(registry->mount(kOther, digest_of("layer"), kApp, allow_all)));
  REQUIRE(value(registry->mount(kOther, digest_of("config"), kApp, allow_all)));
  CHECK(collect(registry).links == 2);  // those of the source

  CHECK(registry.push(kOther, tag("1"), kImageManifest, image_of("config", "layer")));
  CHECK(registry.read_blob(kOther, digest_of("layer")) == "layer");
}

TEST_CASE_TEMPLATE("Collection: nothing that a HEAD before a restart found goes right after it",
                   Stores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "layer");
  wait_out(registry);
  REQUIRE(registry->stat_blob(kApp, digest_of("layer")));
  registry.restart();

  CHECK(collect(registry).links == 0);
  wait_out(registry);
  CHECK(collect(registry).links == 1);
}

TEST_CASE_TEMPLATE("Collection: a download that has begun goes on", Stores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "layer");
  const auto open = value(registry->open_blob(kApp, digest_of("layer")));
  CHECK(collect(registry, CollectWhat::kAllOfIt).blobs == 1);

  string content(5, '\0');
  CHECK(value(open.blob->read(0, std::as_writable_bytes(std::span(content)))) == 5);
  CHECK(content == "layer");
}

TEST_CASE_TEMPLATE("Collection: with a lease of nothing all goes in the next round", Stores,
                   MemoryStores, DiskStores) {
  Bench<Stores> registry(registry::Options{.lease = 0s});
  REQUIRE(registry.metadata().link_blob(
      {kApp, registry.push_blob(kApp, "layer"), 5, std::nullopt, std::nullopt}));
  // The store's own lease is another option, and has to end.
  registry.clock().advance(10min);
  CHECK(collect(registry).blobs == 1);
}

TEST_CASE_TEMPLATE("Collection: it ends at its bound and says so", Stores, MemoryStores,
                   SmallBlobs) {
  Bench<Stores> registry;
  for (int i = 0; i < 5; ++i)
    registry.push_blob(kApp, "layer " + std::to_string(i));

  const auto some = value(registry->collect(CollectWhat::kAllOfIt, 3));
  CHECK(some.links == 3);
  CHECK(some.more);
  const auto rest = value(registry->collect(CollectWhat::kAllOfIt, 1000));
  CHECK(rest.links == 2);
  CHECK_FALSE(rest.more);
}

TEST_CASE("Collection: a file whose removal fails goes in a later round") {
  Bench<FaultyStores> registry;
  registry.push_blob(kApp, "layer");
  registry.stores().blob_store.faults.remove = Errc::kIo;
  const CollectReport first = collect(registry, CollectWhat::kAllOfIt);
  CHECK(first.failed == 1);
  REQUIRE(first.failure);
  CHECK(first.failure->code == Errc::kIo);
  CHECK(first.bytes == 0);
  CHECK(registry.blobs().size(digest_of("layer")));

  CHECK(collect(registry).bytes == 5);
  CHECK(error_code(registry.blobs().size(digest_of("layer"))) == Errc::kBlobUnknown);
}

TEST_CASE("Collection: files that cannot be removed hold up no others, and are tried again") {
  Bench<FaultyStores> registry;
  auto& stuck = registry.stores().blob_store.faults.stuck;
  for (int i = 0; i < 300; ++i) {
    registry.push_blob(kApp, "stuck " + std::to_string(i));
    stuck.insert(digest_of("stuck " + std::to_string(i)));
  }
  registry.clock().advance(1s);
  for (int i = 0; i < 600; ++i)
    registry.push_blob(kApp, "layer " + std::to_string(i));

  const CollectReport done = collect(registry, CollectWhat::kAllOfIt);
  CHECK(done.blobs == 600);
  CHECK(done.failed == 300);
  REQUIRE(done.failure);
  CHECK(done.failure->code == Errc::kIo);
  CHECK_FALSE(done.more);
  registry.push_blob(kApp, "another layer");
  const CollectReport few = value(registry->collect(CollectWhat::kAllOfIt, 1));
  CHECK(few.links == 1);
  CHECK(few.more);
  CHECK(value(registry->collect(CollectWhat::kAllOfIt, 1)).blobs == 1);

  stuck.clear();
  CHECK(collect(registry, CollectWhat::kAllOfIt).blobs == 300);
}

TEST_CASE_TEMPLATE(
    "Collection: a clock that jumps takes nothing that is named, and forgets nothing", Stores,
    MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> registry;
  const Digest image = push_image(registry, kApp, "config", "a layer", tag("1"));
  push_image(registry, kApp, "config", "another layer", tag("2"));
  wait_out(registry);
  REQUIRE(registry->delete_manifest(kApp, image, "tester"));

  registry.clock().advance(-24h);
  CHECK(collect(registry).links == 0);
  push_image(registry, kOther, "config", "a third layer", tag("1"));
  registry.clock().advance(48h);
  CHECK(collect(registry).blobs == 1);

  CHECK(registry.read_blob(kApp, digest_of("another layer")) == "another layer");
  CHECK(registry.read_blob(kOther, digest_of("a third layer")) == "a third layer");
  CHECK(error_code(registry.blobs().size(digest_of("a layer"))) == Errc::kBlobUnknown);
}

TEST_CASE(
    "Collection: bytes that were published a moment ago are not taken before they are linked") {
  Bench<FaultyStores> registry;
  registry.push_blob(kApp, "layer");
  CollectReport meanwhile;
  registry.stores().blob_store.faults.published = [&] {
    meanwhile = collect(registry, CollectWhat::kAllOfIt);
  };

  registry.push_blob(kApp, "layer");

  CHECK(meanwhile.waiting == 1);
  CHECK(registry.read_blob(kApp, digest_of("layer")) == "layer");
  CHECK(collect(registry, CollectWhat::kAllOfIt).blobs == 1);
}

/// What several clients and a collector do at once, without a fake clock that moves: the
/// collector takes all that is doomed, leases or not, so every step of a client may find
/// its blobs gone. It then uploads again. What must never be is a manifest that is there
/// and a blob of it that is not.
TEST_CASE_TEMPLATE("Collection: never is there a manifest whose layer is gone", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  const std::uint64_t rounds = from_environment("SHALE_TEST_ROUNDS", 100);
  const std::uint64_t seed = from_environment("SHALE_TEST_SEED", std::random_device()());
  MESSAGE("seed ", seed);
  CAPTURE(seed);
  Bench<Stores> registry;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> broken = 0;
  std::atomic<std::uint64_t> pushed = 0;
  std::atomic<std::uint64_t> again = 0;

  const auto client = [&](std::uint64_t own) {
    std::mt19937_64 random(own);
    const auto below = [&](std::uint64_t bound) { return random() % bound; };
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const auto& name = below(2) == 0 ? kApp : kOther;
      const auto& from = name == kApp ? kOther : kApp;
      const string layer = "layer " + std::to_string(below(4));
      const string config = "config " + std::to_string(below(3));
      const index::Tag to = tag("t" + std::to_string(below(3)));
      const auto upload = [&](const string& content) {
        const auto writer = registry->receive_blob(name, Algorithm::kSha256);
        if (!writer || !(*writer)->append(bytes(content))) return;
        static_cast<void>((*writer)->commit(digest_of(content)));
      };
      for (const string& content : {layer, config}) {
        const Digest digest = digest_of(content);
        if (below(3) == 0 && registry->stat_blob(name, digest)) continue;
        if (below(3) == 0) {
          const auto mounted = registry->mount(name, digest, from, allow_all);
          if (mounted && *mounted) continue;
        }
        upload(content);
      }
      const string body = image_of(config, layer);
      const auto done = registry->push_manifest({.repository = name,
                                                 .reference = to,
                                                 .tags = {},
                                                 .content_type = kImageManifest,
                                                 .bytes = body,
                                                 .actor = "tester"});
      if (!done) {
        if (done.error().code != Errc::kManifestBlobUnknown) ++broken;
        ++again;
        continue;
      }
      ++pushed;
      if (below(4) == 0) {
        static_cast<void>(registry->delete_manifest(name, done->digest, "tester"));
      }
    }
  };
  std::thread collector([&] {
    while (!stop) {
      if (!registry->collect(CollectWhat::kAllOfIt, 50)) ++broken;
    }
  });
  {
    std::vector<std::jthread> clients;
    for (std::uint64_t i = 0; i < 4; ++i)
      clients.emplace_back(client, seed + i);
  }
  stop = true;
  collector.join();

  CHECK(broken == 0);
  CHECK(pushed > 0);
  CHECK(value(registry.metadata().check()).empty());
  for (const auto& name : {kApp, kOther}) {
    for (int t = 0; t < 3; ++t) {
      const auto manifest = registry->read_manifest(name, tag("t" + std::to_string(t)));
      if (!manifest) continue;
      for (int i = 0; i < 4; ++i) {
        const string layer = "layer " + std::to_string(i);
        if (manifest->bytes.find(digest_of(layer).str()) == string::npos) continue;
        CHECK(registry.read_blob(name, digest_of(layer)) == layer);
      }
    }
  }
  // And nothing stays that nobody needs.
  collect(registry, CollectWhat::kAllOfIt);
  CHECK(value(registry.metadata().list_doomed(Time::max(), 10, {})).empty());
}

TEST_CASE("Collector: collects on its own thread until it is destroyed") {
  Bench<MemoryStores> registry;
  registry.push_blob(kApp, "layer");
  wait_out(registry);
  std::atomic<std::uint64_t> freed = 0;
  {
    const registry::Collector collector(*registry, 1ms, [&](const Result<CollectReport>& done) {
      if (done) freed += done->blobs;
    });
    while (freed == 0)
      std::this_thread::sleep_for(1ms);
  }
  CHECK(freed == 1);
}

TEST_CASE(
    "Collector: a file that cannot be removed is told once, and tried at each interval only") {
  Bench<FaultyStores> registry;
  registry.push_blob(kApp, "layer");
  registry.stores().blob_store.faults.stuck.insert(digest_of("layer"));
  wait_out(registry);
  const std::atomic<int>& tried = registry.stores().blob_store.removals_tried;
  constexpr auto kInterval = 20ms;
  std::atomic<int> told = 0;
  const auto begun = std::chrono::steady_clock::now();
  {
    const registry::Collector collector(*registry, kInterval,
                                        [&](const Result<CollectReport>& done) {
                                          if (done && done->failed > 0) ++told;
                                        });
    while (tried < 10)
      std::this_thread::sleep_for(1ms);
  }
  const auto intervals = (std::chrono::steady_clock::now() - begun) / kInterval;
  // The first round does something, the link, so that it looks again at what it passed over.
  CHECK(tried <= intervals + 3);
  CHECK(told == 1);
}

}  // namespace
}  // namespace shale::testing
