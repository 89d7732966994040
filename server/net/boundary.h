#pragma once

#include <exception>
#include <string_view>

#include "server/net/options.h"

namespace shale::net {

/// Does a piece of `work` on a thread that has more to do, so no exception leaves
/// it. False when there was one; the operator is told.
template <class Work>
bool contained(const Options& options, std::string_view what, Work work) noexcept {
  try {
    try {
      work();
      return true;
    } catch (const std::exception& exception) {
      options.warn(what, exception.what());
    } catch (...) {
      options.warn(what, "an exception of unknown type");
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is nobody left to tell
  }
  return false;
}

}  // namespace shale::net
