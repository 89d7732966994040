#pragma once

#include <string>
#include <string_view>

namespace shale::cli {

/// Of this program.
std::string_view version() noexcept;

/// The program, the compiler and the libraries with their versions when it was built.
std::string version_table();
std::string version_json();

}  // namespace shale::cli
