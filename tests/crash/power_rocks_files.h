#pragma once

#include <memory>

#include <rocksdb/file_system.h>

#include "tests/crash/power_journal.h"

namespace shale::testing::power {

/// RocksDB's own file system, with what it does noted in `journal`, which outlives
/// it. Its log for humans and its lock are not noted. Thread-safe.
std::shared_ptr<rocksdb::FileSystem> rocks_files(Journal& journal);

}  // namespace shale::testing::power
