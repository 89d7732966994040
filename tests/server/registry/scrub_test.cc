#include <atomic>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "server/registry/manifest_parser.h"
#include "server/registry/scrubber.h"
#include "tests/server/registry/fixture.h"
#include "tests/support/blob_stores.h"

namespace shale::testing {
namespace {

using namespace std::chrono_literals;
using registry::ScrubDesk;
using registry::ScrubReport;
using std::string;

const auto kApp = repository("team/app");
const auto kOther = repository("team/other");

template <class Stores>
ScrubReport scrub(Bench<Stores>& registry) {
  REQUIRE(registry->scrub_desk().run(0, {}));
  return registry->scrub_desk().status().report;
}

string image_of(std::string_view config, std::string_view layer) {
  return R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","config":)" +
         descriptor(kImageConfig, config) + R"(,"layers":[)" + descriptor(kImageLayer, layer) +
         "]}";
}

template <class Stores>
Result<registry::PushedManifest> push_image(Bench<Stores>& registry) {
  return registry.push(kApp, tag("1"), kImageManifest, image_of("config", "a layer"));
}

/// Flips a byte of the blob's file, or cuts it.
void damage(MemoryStores& stores, const Digest& digest, string bytes) {
  stores.blob_store.damage(digest, std::move(bytes));
}
void damage(DiskStores& stores, const Digest& digest, const string& bytes) {
  const auto file =
      stores.root / "blobs" / "blobs" / "sha256" / digest.hex().substr(0, 2) / digest.hex();
  if (std::filesystem::exists(file)) {
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  std::ofstream(file, std::ios::trunc) << bytes;
}

bool tells_of(const ScrubReport& report, std::string_view words) {
  for (const string& line : report.words) {
    if (line.find(words) != string::npos) return true;
  }
  return false;
}

TEST_CASE_TEMPLATE("Scrub: a store that is well is found well", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "config");
  registry.push_blob(kApp, "a layer");
  REQUIRE(push_image(registry));
  const ScrubReport report = scrub(registry);
  CHECK(report.all_is_well());
  CHECK(report.words.empty());
  CHECK(report.blobs == 2);
  CHECK(report.blobs_in_all == 2);
  CHECK(report.bytes == string("configa layer").size());
}

TEST_CASE_TEMPLATE("Scrub: a damaged blob is absent for everybody until it is pushed again", Stores,
                   MemoryStores, DiskStores) {
  Bench<Stores> registry;
  registry.push_blob(kApp, "config");
  const Digest layer = registry.push_blob(kApp, "a layer");
  REQUIRE(push_image(registry));
  SUBCASE("with another byte") {
    damage(registry.stores(), layer, "a lAyer");
  }
  SUBCASE("with fewer bytes") {
    damage(registry.stores(), layer, "a lay");
  }

  const ScrubReport report = scrub(registry);
  CHECK_FALSE(report.all_is_well());
  CHECK(report.damaged == 1);
  CHECK(report.quarantined == 1);
  CHECK(report.missing == 0);
  CHECK(tells_of(report, layer.str() + " is damaged"));
  for (int starts = 0; starts < 2; ++starts) {
    CHECK(registry->scrub_desk().status().set_aside == 1);
    const auto pulled = registry->open_blob(kApp, layer);
    REQUIRE(error_code(pulled) == Errc::kBlobUnknown);
    REQUIRE(pulled.error().details.size() == 1);
    CHECK(pulled.error().details[0].find("set aside on 20") != string::npos);
    CHECK(error_code(registry->stat_blob(kApp, layer)) == Errc::kBlobUnknown);
    CHECK_FALSE(value(registry->mount(kOther, layer, kApp, allow_all)).has_value());
    CHECK_FALSE(value(registry->mount(kApp, layer, kApp, allow_all)).has_value());
    const auto pushed = push_image(registry);
    CHECK(error_code(pushed) == Errc::kManifestBlobUnknown);
    CHECK(pushed.error().details.size() == 1);
    const ScrubReport again = scrub(registry);
    CHECK(again.damaged == 0);
    CHECK(again.known == 1);
    if constexpr (std::is_same_v<Stores, DiskStores>) registry.restart();
  }

  registry.push_blob(kOther, "a layer");  // from wherever it comes
  CHECK(registry.read_blob(kApp, layer) == "a layer");
  CHECK(registry->scrub_desk().status().set_aside == 0);
  CHECK(value(registry.blobs().quarantined()).empty());
  REQUIRE(push_image(registry));
  CHECK(scrub(registry).all_is_well());
}

TEST_CASE_TEMPLATE("Scrub: a blob whose file is gone is told, and a push heals it", Stores,
                   MemoryStores, DiskStores) {
  Bench<Stores> registry;
  const Digest blob = registry.push_blob(kApp, "a layer");
  REQUIRE(registry.blobs().remove(blob));
  CHECK(value(registry->stat_blob(kApp, blob)).size == 7);  // no look at the file
  const ScrubReport report = scrub(registry);
  CHECK(report.missing == 1);
  CHECK(report.damaged == 0);
  CHECK(tells_of(report, blob.str() + " is missing"));
  CHECK(error_code(registry->stat_blob(kApp, blob)) == Errc::kBlobUnknown);
  registry.push_blob(kApp, "a layer");
  CHECK(registry.read_blob(kApp, blob) == "a layer");
  CHECK(scrub(registry).all_is_well());
}

TEST_CASE("Scrub: a small blob that is damaged is healed too") {
  Bench<SmallBlobs> registry;
  const Digest blob = registry.push_blob(kApp, "config");
  REQUIRE(registry.metadata().link_blob({kApp, blob, 6, std::nullopt, "cOnfig"}));
  const ScrubReport report = scrub(registry);
  CHECK(report.damaged == 1);
  CHECK(error_code(registry->open_blob(kApp, blob)) == Errc::kBlobUnknown);
  registry.restart();
  CHECK(error_code(registry->stat_blob(kApp, blob)) == Errc::kBlobUnknown);

  SUBCASE("by a push of its own kind") {
    registry.push_blob(kApp, "config");
  }
  SUBCASE("by a push that comes as a file") {
    auto upload = value(registry.blobs().begin_upload(UploadId::random(), Algorithm::kSha256));
    Bench<SmallBlobs>* bench = &registry;
    registry::Options options;
    options.small_blob_bytes = 0;
    registry::Registry other(bench->blobs(), bench->metadata(), bench->clock(), options);
    const auto writer = value(other.receive_blob(kApp, Algorithm::kSha256));
    REQUIRE(writer->append(bytes("config")));
    REQUIRE(writer->commit(blob));
    registry.restart();
  }
  CHECK(registry.read_blob(kApp, blob) == "config");
  CHECK(value(registry.blobs().quarantined()).empty());
  CHECK(scrub(registry).damaged == 0);
}

TEST_CASE("Scrub: bytes that somebody brought back by hand are in use again") {
  Bench<DiskStores> registry;
  const Digest blob = registry.push_blob(kApp, "a layer");
  damage(registry.stores(), blob, "a lAyer");
  REQUIRE(scrub(registry).quarantined == 1);
  damage(registry.stores(), blob, "a layer");  // a copy from a backup
  CHECK(error_code(registry->stat_blob(kApp, blob)) == Errc::kBlobUnknown);
  const ScrubReport report = scrub(registry);
  CHECK(report.returned == 1);
  CHECK(report.all_is_well());
  CHECK(registry.read_blob(kApp, blob) == "a layer");
}

TEST_CASE("Scrub: a pull that finds the bytes gone says so, and the next push heals") {
  Bench<MemoryStores> registry;
  const Digest blob = registry.push_blob(kApp, "a layer");
  damage(registry.stores(), blob, "cut");
  const auto pulled = registry->open_blob(kApp, blob);
  CHECK(error_code(pulled) == Errc::kBlobUnknown);
  CHECK(pulled.error().details.size() == 1);
  CHECK(registry->scrub_desk().status().lost_on_read == 1);
  CHECK(error_code(registry->stat_blob(kApp, blob)) == Errc::kBlobUnknown);
  registry.push_blob(kApp, "a layer");
  CHECK(registry.read_blob(kApp, blob) == "a layer");
}

TEST_CASE("Scrub: an error of the disk is told and nothing is set aside for it") {
  Bench<FaultyStores> registry;
  const Digest blob = registry.push_blob(kApp, "a layer");
  registry.stores().memory.damage(blob, "a lAyer");
  registry.stores().blob_store.faults.quarantine = Errc::kNoSpace;
  CHECK(error_code(registry->scrub_desk().run(0, {})) == Errc::kNoSpace);
  CHECK_FALSE(registry->scrub_desk().status().failure.empty());
  CHECK(registry->scrub_desk().status().report.damaged == 1);
  CHECK(scrub(registry).quarantined == 1);  // and the next one does it
}

TEST_CASE_TEMPLATE("Scrub: files that nothing refers to are removed", Stores, MemoryStores,
                   DiskStores) {
  Bench<Stores> registry;
  registry.clock().set(SystemClock().now());  // as the files on the disk have it
  const Digest kept = registry.push_blob(kApp, "kept");
  const Digest orphan = put_blob(registry.blobs(), "orphan");
  SUBCASE("not while they are young") {
    CHECK(scrub(registry).orphans == 0);
    CHECK(registry.blobs().size(orphan));
  }
  SUBCASE("later") {
    registry.clock().advance(registry::Options().lease + 1h);
    const ScrubReport report = scrub(registry);
    CHECK(report.orphans == 1);
    CHECK(report.removed == 1);
    CHECK(report.orphan_bytes == 6);
    CHECK(report.all_is_well());
    CHECK(error_code(registry.blobs().size(orphan)) == Errc::kBlobUnknown);
  }
  SUBCASE("but not when most files look like that") {
    for (int i = 0; i < 20; ++i)
      put_blob(registry.blobs(), "orphan " + std::to_string(i));
    registry.clock().advance(registry::Options().lease + 1h);
    const ScrubReport report = scrub(registry);
    CHECK(report.orphans == 21);
    CHECK(report.removed == 0);
    CHECK(report.problems == 1);
    CHECK(registry.blobs().size(orphan));
  }
  CHECK(registry.read_blob(kApp, kept) == "kept");
}

TEST_CASE_TEMPLATE("Scrub: of a registry that is read-only it tells, and changes nothing", Stores,
                   MemoryStores, DiskStores) {
  Bench<Stores> registry;
  registry.clock().set(SystemClock().now());  // as the files on the disk have it
  registry.push_blob(kApp, "config");
  const Digest layer = registry.push_blob(kApp, "a layer");
  REQUIRE(push_image(registry));
  damage(registry.stores(), layer, "a lAyer");
  const Digest orphan = put_blob(registry.blobs(), "orphan");
  const Digest unneeded = put_blob(registry.blobs(), "unneeded");
  REQUIRE(registry.blobs().quarantine(unneeded));
  registry.clock().advance(24h);
  registry->set_read_only(true);
  const ScrubReport told = scrub(registry);
  CHECK(told.damaged == 1);
  CHECK(told.quarantined == 0);
  CHECK(told.orphans == 1);
  CHECK(told.removed == 0);
  CHECK_FALSE(told.all_is_well());
  CHECK(registry->stat_blob(kApp, layer));
  CHECK(registry.blobs().size(orphan));
  CHECK(value(registry.blobs().quarantined()).size() == 1);

  registry->set_read_only(false);
  const ScrubReport acted = scrub(registry);
  CHECK(acted.quarantined == 1);
  CHECK(acted.removed == 1);
  CHECK(error_code(registry->stat_blob(kApp, layer)) == Errc::kBlobUnknown);
  CHECK(error_code(registry.blobs().size(orphan)) == Errc::kBlobUnknown);
}

TEST_CASE("Scrub: one that runs when the registry becomes read-only changes nothing from then on") {
  Bench<MemoryStores> registry;
  const Digest first = put_blob(registry.blobs(), "orphan");
  const Digest second = put_blob(registry.blobs(), "another");
  registry.clock().advance(24h);
  registry::Quarantine quarantine({});
  registry::DigestLocks locks;
  registry::Scrub running(registry.blobs(), registry.metadata(), registry.clock(), quarantine,
                          locks);
  const auto left = [&] {
    return registry.blobs().size(first).has_value() + registry.blobs().size(second).has_value();
  };
  ScrubReport report;
  REQUIRE(running.run({.only_tells = [&] { return left() < 2; }}, {}, {}, report));
  CHECK(report.orphans == 2);
  CHECK(report.removed == 1);
  CHECK(left() == 1);
}

TEST_CASE("Scrub: an orphan that is pushed while it is about to go stays") {
  Bench<FaultyStores> registry;
  put_blob(registry.blobs(), "a layer");
  registry.clock().set(SystemClock().now() + 24h);
  // Listed as an orphan, and linked before it is looked at again.
  registry.stores().blob_store.after_list = [&] {
    registry.stores().blob_store.after_list = [&] { registry.push_blob(kApp, "a layer"); };
  };
  scrub(registry);
  CHECK(registry.read_blob(kApp, digest_of("a layer")) == "a layer");
  CHECK(scrub(registry).all_is_well());
}

TEST_CASE("Scrub: damage that a push repairs meanwhile is nobody's any more") {
  Bench<FaultyStores> registry;
  const Digest blob = registry.push_blob(kApp, "a layer");
  registry.stores().memory.damage(blob, "a lAyer");
  // The scrub has the damaged bytes open when they are pushed again.
  registry.stores().blob_store.after_open = [&] { registry.push_blob(kApp, "a layer"); };
  const ScrubReport report = scrub(registry);
  CHECK(report.damaged == 0);
  CHECK(registry->scrub_desk().status().set_aside == 0);
  CHECK(registry.read_blob(kApp, blob) == "a layer");
}

TEST_CASE("Scrub: what was set aside goes with the last who needed it") {
  Bench<SmallBlobs> registry;
  const Digest blob = registry.push_blob(kApp, "config");
  REQUIRE(registry.metadata().link_blob({kApp, blob, 6, std::nullopt, "cOnfig"}));
  REQUIRE(scrub(registry).quarantined == 1);
  REQUIRE(registry->delete_blob(kApp, blob));
  registry.clock().advance(registry::Options().lease * 3);
  REQUIRE(registry->collect(registry::CollectWhat::kDue, 1000));
  scrub(registry);
  CHECK(value(registry.blobs().quarantined()).empty());
  CHECK(registry->scrub_desk().status().set_aside == 0);
}

TEST_CASE("Scrub: pushes and pulls go on beside it, and nothing of theirs is set aside") {
  Bench<DiskStores> registry;
  std::atomic<bool> stop = false;
  std::jthread pusher([&] {
    for (int i = 0; !stop.load(); ++i) {
      const string content = "layer " + std::to_string(i % 20);
      const auto writer = value(registry->receive_blob(kApp, Algorithm::kSha256));
      static_cast<void>(writer->append(bytes(content)));
      if (!writer->commit(digest_of(content))) break;
      if (i % 3 == 0) static_cast<void>(registry->delete_blob(kApp, digest_of(content)));
      if (i % 7 == 0) {
        static_cast<void>(registry->collect(registry::CollectWhat::kAllOfIt, 100));
      }
    }
  });
  for (int i = 0; i < 20; ++i) {
    const ScrubReport report = scrub(registry);
    CHECK(report.damaged + report.missing + report.quarantined == 0);
  }
  stop = true;
  pusher.join();
  CHECK(scrub(registry).all_is_well());
}

TEST_CASE("Scrub: one that is stopped says so, and reads no further") {
  Bench<MemoryStores> registry;
  registry.push_blob(kApp, "a layer");
  std::stop_source stop;
  stop.request_stop();
  CHECK(error_code(registry->scrub_desk().run(0, stop.get_token())) == Errc::kUnavailable);
  const ScrubDesk::Status status = registry->scrub_desk().status();
  CHECK_FALSE(status.running);
  CHECK(status.report.bytes == 0);
  CHECK_FALSE(status.failure.empty());
}

TEST_CASE("Scrubber: scrubs when asked, once for each time") {
  Bench<MemoryStores> registry;
  registry.push_blob(kApp, "a layer");
  std::atomic<int> done = 0;
  const registry::Scrubber scrubber(*registry, registry.clock(), {.look = 1ms},
                                    [&](const ScrubDesk::Status& status) {
                                      CHECK(status.report.blobs == 1);
                                      ++done;
                                      done.notify_all();
                                    });
  CHECK(registry->scrub_desk().ask(0));
  done.wait(0);
  CHECK(done.load() == 1);
  CHECK(registry->scrub_desk().ask(1 << 20));
  done.wait(1);
  CHECK(registry->scrub_desk().status().rate == 1 << 20);
}

TEST_CASE("Scrubber: a second scrub is not taken while one waits") {
  Bench<MemoryStores> registry;
  CHECK(registry->scrub_desk().ask(5));
  CHECK_FALSE(registry->scrub_desk().ask(6));
  CHECK(registry->scrub_desk().take() == 5);
  CHECK_FALSE(registry->scrub_desk().take().has_value());
}

TEST_CASE("Scrubber: on its own it begins when it is due, at its rate") {
  Bench<MemoryStores> registry;
  std::atomic<int> done = 0;
  registry::Scrubber scrubber(*registry, registry.clock(),
                              {.rate = 1 << 20, .first = 1h, .between = 24h, .look = 1ms},
                              [&](const ScrubDesk::Status&) {
                                ++done;
                                done.notify_all();
                              });
  CHECK(registry->scrub_desk().ask(0));  // what was asked for does not wait
  done.wait(0);
  registry.clock().advance(24h);
  done.wait(1);
  CHECK(registry->scrub_desk().status().rate == 1 << 20);
  scrubber.set_rate(2 << 20);
  registry.clock().advance(25h);
  done.wait(2);
  CHECK(registry->scrub_desk().status().rate == 2 << 20);
}

TEST_CASE("Scrub: a store that has lived has nothing to repair") {
  Bench<SmallBlobs> registry;
  registry.push_blob(kApp, "config");
  registry.push_blob(kApp, "a layer");
  registry.push_blob(kApp, string(40'000, 'l'));
  const Digest image = value(push_image(registry)).digest;
  const string other = image_of("config", string(40'000, 'l'));
  const Digest second = value(registry.push(kApp, tag("2"), kImageManifest, other)).digest;
  const string index = R"({"schemaVersion":2,"mediaType":")" + string(kImageIndex) +
                       R"(","manifests":[)" +
                       descriptor(kImageManifest, image_of("config", "a layer")) + "," +
                       descriptor(kImageManifest, other) + R"(],"subject":)" +
                       descriptor(kImageManifest, "later") + "}";
  REQUIRE(registry.push(kApp, tag("all"), kImageIndex, index));
  REQUIRE(value(registry->mount(kOther, digest_of("config"), kApp, allow_all)));
  REQUIRE(registry->delete_manifest(kApp, tag("2"), {"tester"}));
  REQUIRE(registry->delete_manifest(kApp, second, {"tester"}));
  for (int rounds = 0; rounds < 3; ++rounds) {
    auto& store = *registry.stores().metadata_store;
    index::RepairSources sources{
        .parse = registry::parse_manifest,
        .file_size = [&](const Digest& digest) -> Result<std::optional<std::uint64_t>> {
          const auto size = registry.blobs().size(digest);
          return size ? std::optional(*size) : std::nullopt;
        },
        .only_look = true};
    CHECK(value(store.repair(sources)) == 0);
    CHECK(scrub(registry).all_is_well());
    registry.clock().advance(registry::Options().lease * 3);
    REQUIRE(registry->collect(registry::CollectWhat::kDue, 1000));
  }
  CHECK(value(registry->stat_manifest(kApp, image)).digest == image);
}

TEST_CASE("Pace: spreads what is read") {
  FakeClock clock;
  registry::Pace pace(clock, 1000);
  CHECK(pace.before(500) == 0ms);
  CHECK(pace.before(500) == 500ms);
  clock.advance(500ms);
  CHECK(pace.before(250) == 500ms);
  SUBCASE("and a long sleep gives no right to a burst") {
    clock.advance(1h);
    CHECK(pace.before(1000) == 0ms);
    CHECK(pace.before(1000) == 1000ms);
  }
  SUBCASE("and a clock that goes back costs no long wait") {
    clock.advance(-1h);
    CHECK(pace.before(1000) == 0ms);
  }
  SUBCASE("unless there is no rate") {
    registry::Pace none(clock, 0);
    CHECK(none.before(1 << 30) == 0ms);
    CHECK(none.before(1 << 30) == 0ms);
  }
}

}  // namespace
}  // namespace shale::testing
