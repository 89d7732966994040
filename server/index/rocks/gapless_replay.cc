#include "server/index/rocks/gapless_replay.h"

#include <cstddef>
#include <string_view>

#include <rocksdb/write_batch.h>

namespace shale::index::rocks {
namespace {

/// A batch begins with the number of its first change, little-endian.
rocksdb::SequenceNumber first_number(std::string_view batch) {
  rocksdb::SequenceNumber number = 0;
  for (std::size_t i = sizeof number; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(batch[i]);
  }
  return number;
}

}  // namespace

rocksdb::WalFilter::WalProcessingOption GaplessReplay::LogRecordFound(
    unsigned long long /*file*/, const std::string& /*name*/, const rocksdb::WriteBatch& batch,
    rocksdb::WriteBatch* /*changed*/, bool* /*is_changed*/) {
  const rocksdb::SequenceNumber first = first_number(batch.Data());
  if (next_ && *next_ != first) {
    return WalProcessingOption::kStopReplay;
  }
  next_ = first + batch.Count();
  return WalProcessingOption::kContinueProcessing;
}

}  // namespace shale::index::rocks
