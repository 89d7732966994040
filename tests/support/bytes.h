#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "blobstore/digest.h"

namespace shale::testing {

/// The bytes of `text`, which has to outlive them.
inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

inline std::string text(std::span<const std::byte> content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

inline Digest digest_of(std::string_view content, Algorithm algorithm = Algorithm::kSha256) {
  return Digest::of(algorithm, bytes(content));
}

}  // namespace shale::testing
