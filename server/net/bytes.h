#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace shale::net {

/// Received bytes as the parser wants them.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace shale::net
