#include "tests/crash/power_life.h"

#include <memory>
#include <stdexcept>
#include <thread>

#include "blobstore/file/file_blob_store.h"
#include "server/index/rocks/environment.h"
#include "server/registry/registry.h"
#include "tests/crash/power_blob_files.h"
#include "tests/crash/power_client.h"
#include "tests/crash/power_rocks_files.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing::power {
namespace {

template <class T>
T demand(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

void run(registry::Registry& registry, const Universe& universe, const Plan& plan) {
  Guarded<std::string> failure;
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < plan.clients; ++number) {
      threads.emplace_back([&, seed = plan.seed + static_cast<std::uint64_t>(number)] {
        Client client(registry, universe, seed);
        for (int step = 0; step < plan.steps; ++step) {
          if (const auto done = client.step(); !done) *failure.lock() = done.error().message;
        }
      });
    }
  }
  if (!failure.lock()->empty()) throw std::runtime_error(*failure.lock());
}

/// The commits that survived, as the life after the cut sees them.
std::vector<Commit> remembered(const std::vector<Commit>& commits, index::Sequence survived,
                               Position cut, Fate fate) {
  if (survived > commits.size()) throw std::runtime_error("commits that were never made");
  std::vector<Commit> known(commits.begin(),
                            commits.begin() + static_cast<std::ptrdiff_t>(survived));
  for (Commit& commit : known) {
    const bool promised = commit.acknowledged <= cut;
    if (fate == Fate::kEverything) {
      commit.acknowledged = promised ? commit.acknowledged : kNever;
    } else {
      commit.began = 0;
      commit.acknowledged = promised ? 0 : kNever;
    }
  }
  return known;
}

}  // namespace

void Life::live(const Plan& plan, const Disk& disk, Position cut, Fate fate) {
  const FakeClock clock;
  const TemporaryDirectory base(fast_directory());
  make(disk, base.path());
  Journal journal(base.path(), fate == Fate::kEverything ? record.until(cut) : record_of(disk),
                  plan.ignored);
  began = journal.position();
  BlobFiles blob_files(journal);
  const auto env = rocksdb::NewCompositeEnv(rocks_files(journal));
  index::rocks::Environment environment{*env};
  {
    auto options = metadata_options(base.path(), clock);
    options.write_buffer_bytes = plan.write_buffer_bytes;
    options.durability = plan.durability;
    options.environment = &environment;
    // In the order of `shale serve`: the lock of the metadata keeps others off.
    const auto metadata = demand(index::RocksMetadataStore::open(options));
    const auto blobs = demand(
        FileBlobStore::open({.root = data_below(base.path()), .reserve = 0, .files = &blob_files}));
    commits = remembered(commits, metadata->sequence(), cut, fate);
    made = journal.position();
    NotedStore noted(*metadata, journal);
    registry::Registry registry(*blobs, noted, clock, {.small_blob_bytes = plan.small_blob_bytes});
    run(registry, universe, plan);
    done = journal.position();
    auto fresh = noted.commits();
    if (plan.durability == index::Durability::kRelaxed) {
      for (Commit& commit : fresh)
        commit.acknowledged = kNever;
    }
    commits.insert(commits.end(), fresh.begin(), fresh.end());
    shared_syncs = fresh.size() - std::min<std::uint64_t>(fresh.size(), metadata->syncs());
  }
  record = journal.record();
  states = states_after(commits, clock, universe);
}

std::filesystem::path data_below(const std::filesystem::path& base) {
  return base / "srv" / "data";
}

index::RocksOptions metadata_options(const std::filesystem::path& base, const Clock& clock) {
  return {.path = data_below(base) / "metadata", .clock = clock, .policy = rules()};
}

std::filesystem::path fast_directory() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::canonical(
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path());
}

}  // namespace shale::testing::power
