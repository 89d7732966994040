#pragma once

#include <optional>
#include <string>

namespace shale::cli {

/// On a terminal: asks twice, without showing what is typed. Else: the first line of
/// standard input. None when nothing came or the two differ.
std::optional<std::string> ask_password(const std::string& prompt);

/// The same, asking once: for a password that there is already.
std::optional<std::string> read_password(const std::string& prompt);

}  // namespace shale::cli
