#include "blobstore/file/space_reserve.h"

#include <algorithm>
#include <string>

namespace shale::file {
namespace {

constexpr std::uint64_t kAllowance = std::uint64_t{8} << 20;

}  // namespace

Result<void> SpaceReserve::take(std::uint64_t bytes) {
  auto allowance = allowance_.lock();
  if (*allowance < bytes) {
    SHALE_TRY_ASSIGN(const Space now, space());
    const std::uint64_t room = now.free > now.reserve ? now.free - now.reserve : 0;
    if (room < bytes) {
      return Error{Errc::kNoSpace, directory_.path() + " has " + std::to_string(now.free >> 20) +
                                       " MiB free, of which " + std::to_string(now.reserve >> 20) +
                                       " MiB are kept in reserve: free some space or lower the "
                                       "reserve"};
    }
    *allowance = std::max(bytes, std::min(room, kAllowance));
  }
  *allowance -= bytes;
  return {};
}

void SpaceReserve::set_reserve(std::uint64_t reserve) {
  const auto allowance = allowance_.lock();
  reserve_ = reserve;
  *allowance = 0;
}

Result<Space> SpaceReserve::space() const {
  Space now{.free = 0, .reserve = reserve_};
  const int done = directory_.files().free_space(directory_.descriptor(), now.free);
  if (done < 0) return system_error(-done, "ask for the free space of", directory_.path());
  return now;
}

}  // namespace shale::file
