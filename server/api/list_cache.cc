#include "server/api/list_cache.h"

#include <algorithm>
#include <utility>

namespace shale::api {

std::shared_ptr<const http::Response> ListCache::find(const std::string& request,
                                                      index::Sequence now) const {
  const auto state = state_.lock();
  if (state->as_of != now) return nullptr;
  const auto found = state->responses.find(request);
  return found == state->responses.end() ? nullptr : found->second;
}

void ListCache::keep(std::string request, index::Sequence as_of, http::Response response) {
  const std::size_t bytes = kOverhead + request.size() + response.body_length();
  auto kept = std::make_shared<const http::Response>(std::move(response));
  const auto state = state_.lock();
  if (as_of < state->as_of || bytes > std::min(most_bytes_, kMostOfOne)) return;
  if (as_of > state->as_of || state->bytes + bytes > most_bytes_) {
    state->responses.clear();
    state->bytes = 0;
    state->as_of = as_of;
  }
  if (state->responses.emplace(std::move(request), std::move(kept)).second) state->bytes += bytes;
}

}  // namespace shale::api
