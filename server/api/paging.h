#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/call.h"

namespace shale::api {

/// What a client asks of a list with `n` and `last`.
struct PageRequest {
  std::size_t limit = 0;
  std::string_view after;  ///< into the query; any text
};

/// `fallback` entries when the client names no number, at most `settings.page_size`
/// in any case. `kPageInvalid` when `n` is no number.
Result<PageRequest> page_request(const Call& call, std::size_t fallback);

}  // namespace shale::api
