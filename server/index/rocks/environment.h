#pragma once

#include <rocksdb/env.h>

namespace shale::index::rocks {

/// What RocksDB makes its system calls with: the seam where a test puts a layer
/// that records, fails or forgets.
struct Environment {
  rocksdb::Env& env;
};

}  // namespace shale::index::rocks
