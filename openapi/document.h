#pragma once

#include <string_view>

namespace shale::openapi {

/// The bytes of openapi.yaml as they were when the program was built.
std::string_view document() noexcept;

}  // namespace shale::openapi
