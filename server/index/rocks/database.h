#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "blobstore/result.h"
#include "server/index/rocks/families.h"
#include "server/index/rocks/gapless_replay.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/index/rocks/rows.h"

namespace shale::index::rocks {

/// The open RocksDB with its families. Thread-safe, as RocksDB is.
class Database {
 public:
  /// As `RocksMetadataStore::open`, without the rows of the store family.
  static Result<std::unique_ptr<Database>> open(const RocksOptions& options);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  rocksdb::DB& db() const noexcept { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_.at(index_of(family)); }

  /// Writes to the log without syncing it.
  Result<void> write(rocksdb::WriteBatch& batch) const;
  /// Syncs all that was written before.
  Result<void> sync() const;
  /// Writes what is in memory to sorted files, so that no log need be replayed.
  Result<void> flush() const;

 private:
  Database() = default;
  void adopt(const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  Result<void> complete(const std::vector<rocksdb::ColumnFamilyDescriptor>& missing);

  GaplessReplay replay_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyNames.size()> handles_{};
};

/// Point reads of one moment: of each row's latest state, or, `in snapshot`, of
/// the state of the whole store when this was made. One thread at a time.
class View {
 public:
  enum class Moment : std::uint8_t { kLatest, kSnapshot };

  /// `database` must outlive this.
  explicit View(const Database& database, Moment moment = Moment::kLatest);
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// The value, or none; `kCorrupt`, `kIo`.
  Result<std::optional<std::string>> get(Family family, std::string_view key) const;

  /// The row, or none.
  template <class Row>
  Result<std::optional<Row>> row(Family family, std::string_view key) const {
    SHALE_TRY_ASSIGN(const std::optional<std::string> value, get(family, key));
    if (!value) {
      return std::optional<Row>();
    }
    SHALE_TRY_ASSIGN(Row decoded, decode<Row>(*value));
    return std::optional<Row>(std::move(decoded));
  }

  /// Whether there is a row, whatever it says.
  Result<bool> has(Family family, std::string_view key) const;

  const Database& database() const noexcept { return database_; }
  const rocksdb::Snapshot* snapshot() const noexcept { return snapshot_; }

 private:
  const Database& database_;
  const rocksdb::Snapshot* snapshot_ = nullptr;
};

/// The rows of a family whose keys begin with `prefix`, in order, as they were
/// when this was made. One thread at a time.
///
///     for (Scan scan(view, family, prefix); scan.valid(); scan.next()) { ... }
///     SHALE_TRY(scan.status());   // why it ended
class Scan {
 public:
  /// Begins at `prefix` + `from`. `view` must outlive this.
  Scan(const View& view, Family family, std::string_view prefix, std::string_view from = {});
  Scan(const Scan&) = delete;  // RocksDB holds pointers to the bounds
  Scan& operator=(const Scan&) = delete;

  bool valid() const { return iterator_->Valid(); }
  void next() { iterator_->Next(); }
  /// Without the prefix; gone with the next step.
  std::string_view key() const { return iterator_->key().ToStringView().substr(prefix_size_); }
  std::string_view value() const { return iterator_->value().ToStringView(); }
  /// Whether it ended because there is no more.
  Result<void> status() const;

 private:
  std::size_t prefix_size_;
  std::string lower_;
  std::string upper_;
  rocksdb::Slice lower_slice_;
  rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace shale::index::rocks
