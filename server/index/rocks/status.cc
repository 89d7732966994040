#include "server/index/rocks/status.h"

#include <cassert>
#include <string>

namespace shale::index::rocks {

Error to_error(const rocksdb::Status& status, std::string_view what) {
  assert(!status.ok());
  std::string message(what);
  message += ": " + status.ToString();
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return {Errc::kNoSpace, std::move(message)};
  }
  if (status.IsCorruption()) {
    return {Errc::kCorrupt, std::move(message)};
  }
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() ||
      status.IsShutdownInProgress() || status.IsAborted() || status.IsIncomplete()) {
    return {Errc::kUnavailable, std::move(message)};
  }
  return {Errc::kIo, std::move(message)};
}

}  // namespace shale::index::rocks
