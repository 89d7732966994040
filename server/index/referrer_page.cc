#include "server/index/referrer_page.h"

#include <algorithm>

namespace shale::index {
namespace {

/// About what the row takes as a JSON descriptor.
std::size_t encoded_bytes(const Referrer& referrer) {
  constexpr std::size_t kFrame = 100;  // braces, member names, the size in digits
  constexpr std::size_t kPair = 6;     // four quotes, a colon, a comma
  std::size_t bytes = kFrame + 2 * referrer.descriptor.digest.raw().size() +
                      referrer.descriptor.media_type.size() + referrer.artifact_type.size();
  for (const auto& [name, value] : referrer.annotations) {
    bytes += kPair + name.size() + value.size();
  }
  return bytes;
}

}  // namespace

bool ReferrerPage::offer(Referrer referrer) {
  if (query_.max_items == 0) {
    return false;
  }
  const auto& wanted = query_.artifact_types;
  if (!wanted.empty() && std::ranges::find(wanted, referrer.artifact_type) == wanted.end()) {
    return true;
  }
  const std::size_t bytes = encoded_bytes(referrer);
  const bool full = page_.items.size() == query_.max_items ||
                    (!page_.items.empty() && bytes_ + bytes > query_.max_bytes);
  if (full) {
    page_.more = true;
    return false;
  }
  bytes_ += bytes;
  page_.items.push_back(std::move(referrer));
  return true;
}

}  // namespace shale::index
