#pragma once

#include <optional>
#include <string>

#include <rocksdb/types.h>
#include <rocksdb/wal_filter.h>

namespace shale::index::rocks {

/// Ends the replay of the log at the first gap in its sequence numbers. RocksDB
/// stops at a record that is damaged, but not where records are missing and the
/// next ones are whole: at a file of the log that a power cut has shortened
/// between two records, while the next file was written back. What follows such a
/// gap was never synced, for a sync takes all files of the log. For one opening.
class GaplessReplay final : public rocksdb::WalFilter {
 public:
  WalProcessingOption LogRecordFound(unsigned long long file, const std::string& name,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch* changed,
                                     bool* is_changed) override;

  const char* Name() const override { return "shale.gapless_replay"; }

 private:
  std::optional<rocksdb::SequenceNumber> next_;
};

}  // namespace shale::index::rocks
