#pragma once

#include <cstdint>
#include <cstdlib>

namespace shale::testing {

/// The number in the environment variable `name`, else `otherwise`.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace shale::testing
