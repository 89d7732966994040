#include "server/index/engine_report.h"

#include <rocksdb/metadata.h>
#include <rocksdb/statistics.h>

#include "server/index/rocks/rocks_metadata_store.h"
#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

constexpr double kMicrosPerSecond = 1e6;

/// 0 where RocksDB does not know it.
std::uint64_t property(const rocks::Database& database, const std::string& name) {
  std::uint64_t value = 0;
  return database.db().GetAggregatedIntProperty(name, &value) ? value : 0;
}

/// The same, of what there is one of for all families.
std::uint64_t own_property(const rocks::Database& database, const std::string& name) {
  std::uint64_t value = 0;
  return database.db().GetIntProperty(name, &value) ? value : 0;
}

void add_levels(const rocks::Database& database, EngineReport& report) {
  for (std::size_t family = 0; family < rocks::kFamilyNames.size(); ++family) {
    rocksdb::ColumnFamilyMetaData found;
    database.db().GetColumnFamilyMetaData(database.handle(static_cast<rocks::Family>(family)),
                                          &found);
    for (const rocksdb::LevelMetaData& level : found.levels) {
      const auto number = static_cast<std::size_t>(level.level);
      if (report.levels.size() <= number) report.levels.resize(number + 1);
      report.levels[number].files += level.files.size();
      report.levels[number].bytes += level.size;
    }
  }
}

}  // namespace

EngineReport RocksMetadataStore::engine_report() const {
  const rocks::Database& database = *state_->database;
  EngineReport report;
  if (const auto healthy = state_->sync.healthy(); !healthy) {
    report.failure = healthy.error().message;
  }
  report.stopped = own_property(database, rocksdb::DB::Properties::kIsWriteStopped) > 0;
  report.running_compactions =
      own_property(database, rocksdb::DB::Properties::kNumRunningCompactions);
  report.pending_compaction =
      property(database, rocksdb::DB::Properties::kEstimatePendingCompactionBytes);
  report.in_memory = property(database, rocksdb::DB::Properties::kCurSizeAllMemTables);
  if (const auto statistics = database.db().GetDBOptions().statistics) {
    const auto ticks = [&](rocksdb::Tickers ticker) { return statistics->getTickerCount(ticker); };
    report.stalled_seconds = static_cast<double>(ticks(rocksdb::STALL_MICROS)) / kMicrosPerSecond;
    report.compaction_read = ticks(rocksdb::COMPACT_READ_BYTES);
    report.compaction_written = ticks(rocksdb::COMPACT_WRITE_BYTES);
    report.block_cache_hits = ticks(rocksdb::BLOCK_CACHE_HIT);
    report.block_cache_misses = ticks(rocksdb::BLOCK_CACHE_MISS);
    report.row_cache_hits = ticks(rocksdb::ROW_CACHE_HIT);
    report.row_cache_misses = ticks(rocksdb::ROW_CACHE_MISS);
  }
  add_levels(database, report);
  return report;
}

}  // namespace shale::index
