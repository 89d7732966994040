#include "server/index/rocks/tuning.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "server/index/rocks/counters.h"
#include "server/index/rocks/environment.h"

namespace shale::index::rocks {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

rocksdb::CompressionType compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

/// Takes the place of RocksDB's own log file. A full disk must not reach that: in a library
/// that is built with assertions, as Debian's is, the second line that cannot be written to
/// the file ends the process.
class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(std::function<void(std::string_view)> warn)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), warn_(std::move(warn)) {}

  using Logger::Logv;
  void Logv(const char* format, std::va_list arguments) override {
    if (!warn_) return;
    std::array<char, kKiB> line{};
    if (std::vsnprintf(line.data(), line.size(), format, arguments) > 0) warn_(line.data());
  }

 private:
  std::function<void(std::string_view)> warn_;
};

}  // namespace

rocksdb::Env& env_of(const RocksOptions& options) {
  return options.environment != nullptr ? options.environment->env : *rocksdb::Env::Default();
}

rocksdb::DBOptions database_options(const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.env = &env_of(options);
  db.create_if_missing = true;
  db.paranoid_checks = true;

  // A power cut may tear the unsynced tail of the log anywhere, with whole pages
  // missing before ones that are there. Nothing of that was acknowledged, so we
  // stop at the tear; "tolerate corrupted tail" would refuse to open. What that
  // gives away is told in server/index/README.md, "After a crash".
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;

  // Bounded memory. The log that has to be replayed at start is bounded with it.
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = 2 * options.write_buffer_bytes;
  db.max_open_files = 256;
  db.max_background_jobs = 2;
  db.max_subcompactions = 1;
  db.max_file_opening_threads = 1;
  db.table_cache_numshardbits = 2;

  // What is pulled again and again is found without looking into files.
  db.row_cache = rocksdb::NewLRUCache(options.row_cache_bytes, 2);

  // Opening must not depend on how many files there are.
  db.skip_stats_update_on_db_open = true;
  db.skip_checking_sst_file_sizes_on_db_open = true;

  // Background writes in small steps, so that a sync never waits for a big one.
  db.bytes_per_sync = kMiB;
  db.wal_bytes_per_sync = 512 * kKiB;

  // Counters for `engine_report`, without the clocks that histograms would need.
  db.statistics = rocksdb::CreateDBStatistics();
  db.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);

  // No threads for statistics that nobody reads, and no log of its own.
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.info_log = std::make_shared<InfoLog>(options.warn);
  return db;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const RocksOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& block_cache) {
  rocksdb::ColumnFamilyOptions cf;
  cf.write_buffer_size = std::max(options.write_buffer_bytes / 4, kMiB);
  cf.arena_block_size = 32 * kKiB;  // many families: the default of 512 KiB each adds up
  cf.max_write_buffer_number = 2;
  cf.target_file_size_base = 16 * kMiB;
  cf.compression = compression();

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = block_cache;
  // Indexes and filters count against the cache, so that the bound is a bound.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  // A listing that begins among deleted rows has to step over what is left of
  // them. Files with many such rows close together are compacted soon.
  cf.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(1024, 256, 0.5));

  if (family == Family::kSmallBlobs || family == Family::kManifests) {
    // Looked up by digest and never listed: few rewrites matter more than few files to look into.
    cf.compaction_style = rocksdb::kCompactionStyleUniversal;
  }
  if (family == Family::kUsage) {
    cf.merge_operator = counter_merge();
    // A point read must not add up thousands of increments: beyond this many, a
    // commit writes the sum.
    cf.max_successive_merges = 16;
  }
  return cf;
}

}  // namespace shale::index::rocks
