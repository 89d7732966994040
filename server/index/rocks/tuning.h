#pragma once

#include <string_view>

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include "server/index/rocks/families.h"
#include "server/index/rocks/rocks_metadata_store.h"

namespace shale::index::rocks {

/// What all system calls for the store go through.
rocksdb::Env& env_of(const RocksOptions& options);

/// How RocksDB is set up; the reasons stand with each setting and in
/// server/index/README.md.
rocksdb::DBOptions database_options(const RocksOptions& options);

/// `block_cache` is shared by all families.
rocksdb::ColumnFamilyOptions family_options(Family family, const RocksOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& block_cache);

}  // namespace shale::index::rocks
