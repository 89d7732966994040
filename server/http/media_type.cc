#include "server/http/media_type.h"

#include <cstddef>

#include "server/http/grammar.h"

namespace shale::http {

std::optional<std::string_view> media_type_of(std::string_view field) noexcept {
  const std::string_view essence = trim(field.substr(0, field.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  if (!is_token(essence.substr(0, slash)) || !is_token(essence.substr(slash + 1))) {
    return std::nullopt;
  }
  return essence;
}

bool same_media_type(std::string_view left, std::string_view right) noexcept {
  return equal_ignoring_case(left, right);
}

}  // namespace shale::http
