#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/index/metadata_store.h"

namespace rocksdb {
class MergeOperator;
}

namespace shale::index::rocks {

/// The usage family holds counters: a version byte and big-endian signed numbers.
/// Merging adds them one by one, so a commit writes only what it changes.
std::string encode(const Usage& usage);
std::string encode(const StoreUsage& usage);
Result<Usage> decode_usage(std::string_view bytes);
Result<StoreUsage> decode_store_usage(std::string_view bytes);

/// The sum of two counter rows of the same length; false for anything else.
bool add_counters(std::string_view left, std::string_view right, std::string& sum);

/// `add_counters` for RocksDB.
std::shared_ptr<rocksdb::MergeOperator> counter_merge();

}  // namespace shale::index::rocks
