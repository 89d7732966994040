#pragma once

#include <string>
#include <string_view>

namespace shale::cli {

/// Of this program.
std::string_view version() noexcept;

/// Of a library, or of the compiler, by its name in the table; empty when it is not there.
std::string_view version_of(std::string_view component) noexcept;

/// The program, the compiler and the libraries with their versions when it was built.
std::string version_table();
std::string version_json();

}  // namespace shale::cli
