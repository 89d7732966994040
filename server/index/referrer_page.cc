#include "server/index/referrer_page.h"

#include <algorithm>

namespace shale::index {
namespace {

std::size_t escaped_bytes(const std::string& text) {
  std::size_t bytes = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\') bytes += 1;
    if (static_cast<unsigned char>(c) < ' ') bytes += 5;
  }
  return bytes;
}

/// About what the row takes as a JSON descriptor.
std::size_t encoded_bytes(const Referrer& referrer) {
  constexpr std::size_t kFrame = 100;  // braces, member names, the size in digits
  constexpr std::size_t kPair = 6;     // four quotes, a colon, a comma
  std::size_t bytes = kFrame + 2 * referrer.descriptor.digest.raw().size() +
                      escaped_bytes(referrer.descriptor.media_type) +
                      escaped_bytes(referrer.artifact_type);
  for (const auto& [name, value] : referrer.annotations) {
    bytes += kPair + escaped_bytes(name) + escaped_bytes(value);
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
