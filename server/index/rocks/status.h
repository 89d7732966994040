#pragma once

#include <string_view>

#include <rocksdb/status.h>

#include "blobstore/result.h"

namespace shale::index::rocks {

/// What RocksDB reported, as an error of ours. `what` says what was tried.
/// `status` must not be ok.
Error to_error(const rocksdb::Status& status, std::string_view what);

}  // namespace shale::index::rocks
