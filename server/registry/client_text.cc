#include "server/registry/client_text.h"

#include <algorithm>
#include <cstddef>

namespace shale::registry {

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 100;
  std::string shown(text.substr(0, kMost));
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > kMost) shown += "...";
  return shown;
}

std::string quoted(std::string_view text) {
  return '"' + printable(text) + '"';
}

}  // namespace shale::registry
