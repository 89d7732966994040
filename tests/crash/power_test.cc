#include <algorithm>
#include <cstdlib>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/index/rocks/environment.h"
#include "tests/crash/power_rocks_files.h"
#include "tests/crash/power_verdict.h"
#include "tests/support/from_environment.h"
#include "tests/support/temporary_directory.h"

/// Cuts the power at some point of a registry's life, starts it on what the disk
/// may have kept, and compares with what had been acknowledged by then. README.md
/// beside this tells the model of the disk.
///
/// `SHALE_TEST_SEED` repeats what is decided here; how threads take turns it cannot
/// repeat. `SHALE_POWER_CUTS` multiplies the cuts, in percent.
namespace shale::testing::power {
namespace {

std::uint64_t chosen_seed() {
  const std::uint64_t seed = from_environment("SHALE_TEST_SEED", std::random_device()());
  MESSAGE("seed ", seed);
  return seed;
}

std::size_t scaled(std::size_t cuts) {
  return std::max<std::size_t>(1, cuts * from_environment("SHALE_POWER_CUTS", 100) / 100);
}

Fate any_fate(std::mt19937_64& random) {
  const auto dice = random() % 10;
  if (dice < 3) return Fate::kNothing;
  return dice < 4 ? Fate::kEverything : Fate::kSome;
}

/// What is lost when the power is cut at `cut`, with the way that it was.
std::optional<std::string> loss_at(const Life& life, Position cut, Fate fate,
                                   std::mt19937_64& random) {
  const Disk disk = after_power_cut(life.record, cut, fate, random);
  const auto wrong = verdict(life, cut, disk);
  if (!wrong) return std::nullopt;
  return *wrong + "\nafter a power cut at " + std::to_string(cut) + " of " +
         std::to_string(life.record.operations.size()) + ", fate " +
         std::to_string(static_cast<int>(fate)) + "\n" + life.record.around(cut);
}

/// Anywhere from `from` on; every other time where a client has just been told that
/// its commit is safe, which is when a promise that is not kept yet is most easily seen.
Position any_position(const Life& life, Position from, std::mt19937_64& random) {
  if (random() % 2 == 0 && !life.commits.empty()) {
    const Position told = life.commits[random() % life.commits.size()].acknowledged;
    if (told >= from && told != kNever) return told;
  }
  return std::uniform_int_distribution<Position>(from, life.record.operations.size())(random);
}

/// Cuts at `cuts` positions from `from` on, or at all when there are no more; and
/// always when everything is acknowledged and nothing beyond the promised is kept.
void expect_no_loss(const Life& life, Position from, std::size_t cuts, std::mt19937_64& random) {
  const auto expect = [&](Position cut, Fate fate) {
    const auto loss = loss_at(life, cut, fate, random);
    REQUIRE_MESSAGE(!loss, *loss);
  };
  expect(life.done, Fate::kNothing);
  const Position all = life.record.operations.size() + 1 - from;
  for (std::size_t done = 1; done < std::min(cuts, all); ++done) {
    expect(cuts >= all ? from + done - 1 : any_position(life, from, random), any_fate(random));
  }
}

TEST_CASE("Power cut: after any operation of a short life nothing acknowledged is lost") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (std::size_t left = scaled(800); left > 0;) {
    Life life(random());
    life.live({.seed = random(), .steps = 8});
    const std::size_t cuts = std::min(left, life.record.operations.size() + 1);
    expect_no_loss(life, 0, cuts, random);
    left -= cuts;
  }
}

TEST_CASE("Power cut: nothing acknowledged is lost of clients that commit at the same time") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::uint64_t shared_syncs = 0;
  for (std::size_t left = scaled(12); left > 0; --left) {
    Life life(random());
    life.live({.seed = random(), .clients = 5, .steps = 10, .small_blob_bytes = random() % 20'000});
    shared_syncs += life.shared_syncs;
    expect_no_loss(life, 0, 40, random);
  }
  CHECK(shared_syncs > 0);
}

TEST_CASE("Power cut: nothing acknowledged is lost while RocksDB writes and merges sorted files") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Life life(random());
  life.live({.seed = random(), .clients = 2, .steps = 60, .write_buffer_bytes = 64 << 10});
  expect_no_loss(life, 0, scaled(400), random);
}

TEST_CASE("Power cut: with relaxed durability whole commits are lost, the last ones first") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Life life(random());
  life.live({.seed = random(),
             .clients = 2,
             .steps = 20,
             .write_buffer_bytes = 64 << 10,
             .durability = index::Durability::kRelaxed});
  expect_no_loss(life, 0, scaled(250), random);
}

/// Lives that went on after a cut, at `cut`, and are cut again.
void expect_no_loss_after(const Life& before, Position cut, Fate fate, std::size_t cuts,
                          std::mt19937_64& random) {
  CAPTURE(before.record.around(cut));
  Life after = before;
  after.live({.seed = random(), .steps = 3}, after_power_cut(before.record, cut, fate, random), cut,
             fate);
  expect_no_loss(after, after.began, cuts, random);
}

/// First cuts after each operation that makes the store, then anywhere.
void expect_no_loss_after(Fate fate, std::mt19937_64& random) {
  Life before(random());
  before.live({.seed = random(), .steps = 6});
  const Position stride = std::max<std::size_t>(1, 100 / scaled(100));
  for (Position cut = random() % stride; cut < before.made; cut += stride)
    expect_no_loss_after(before, cut, fate, scaled(3), random);
  for (std::size_t left = scaled(10); left > 0; --left)
    expect_no_loss_after(before, any_position(before, before.made, random), fate, scaled(10),
                         random);
}

TEST_CASE("Power cut: a second one, while the store starts after the first, loses nothing either") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  expect_no_loss_after(Fate::kSome, random);
}

TEST_CASE("Power cut: what a killed process left unsynced is not built upon by the next") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  expect_no_loss_after(Fate::kEverything, random);
}

TEST_CASE("Power cut: the metadata makes directories durable that a killed process left") {
  const TemporaryDirectory base(fast_directory());
  Journal journal(base.path());
  const auto env = rocksdb::NewCompositeEnv(rocks_files(journal));
  REQUIRE(env->CreateDir(base / "srv").ok());
  REQUIRE(env->CreateDir(base / "srv/data").ok());
  index::rocks::Environment environment{*env};
  const FakeClock clock;
  auto options = metadata_options(base.path(), clock);
  options.environment = &environment;
  REQUIRE(index::RocksMetadataStore::open(options));

  std::mt19937_64 random;
  const Disk disk = after_power_cut(journal.record(), journal.position(), Fate::kNothing, random);
  CHECK(disk.files.contains("srv/data/metadata/CURRENT"));
}

struct MissingSync {
  std::string what;
  std::string path;  ///< of what is not synced, as a regular expression
};

// NOLINTNEXTLINE(bugprone-throwing-static-initialization): a table for one test.
const std::vector<MissingSync> kMissingSyncs{
    {"the bytes of a blob", "srv/data/uploads/.+"},
    {"the name of a blob", "srv/data/blobs/sha.../.."},
    {"the name of a blob's directory", "srv/data/blobs/sha..."},
    {"the names of the algorithms' directories", "srv/data/blobs"},
    {"the names of blobs, uploads and metadata", "srv/data"},
    {"the name of the data directory", "srv"},
    {"the name of the directory above it", ""},
    {"the log of the metadata", "srv/data/metadata/.*log"},
    {"the sorted files of the metadata", "srv/data/metadata/.*sst"},
    {"the list of those files", "srv/data/metadata/MANIFEST.*"},
    {"the name of that list", "srv/data/metadata/.*dbtmp"},
    {"the names in the metadata's directory", "srv/data/metadata"},
};

TEST_CASE("Power cut: the comparison notices each sync that is missing") {
  const std::uint64_t seed = chosen_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const MissingSync& missing : kMissingSyncs) {
    CAPTURE(missing.what);
    Life life(random());
    life.live({.seed = random(),
               .steps = 12,
               .ignored = [path = std::regex(missing.path)](const std::string& synced) {
                 return std::regex_match(synced, path);
               }});
    std::optional<std::string> loss = loss_at(life, life.done, Fate::kNothing, random);
    int cuts = 1;
    for (; !loss && cuts < 200; ++cuts)
      loss = loss_at(life, any_position(life, 0, random), any_fate(random), random);
    MESSAGE(missing.what, ": noticed after ", cuts, " cuts: ", loss.value_or("never"));
    CHECK(loss);
  }
}

}  // namespace
}  // namespace shale::testing::power
