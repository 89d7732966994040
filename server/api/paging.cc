#include "server/api/paging.h"

#include <algorithm>
#include <cstdint>

#include "server/http/grammar.h"

namespace shale::api {

Result<PageRequest> page_request(const Call& call, std::size_t fallback) {
  const std::size_t page_size = call.settings.page_size;
  PageRequest page{std::min(fallback, page_size), {}};
  if (const auto last = call.query.find("last")) page.after = *last;
  const auto n = call.query.find("n");
  if (!n) return page;

  const auto number = http::parse_saturated(*n);
  if (!number) return Error{Errc::kPageInvalid, "n is no number", {"n=" + std::string(*n)}};
  page.limit = static_cast<std::size_t>(std::min<std::uint64_t>(*number, page_size));
  return page;
}

}  // namespace shale::api
