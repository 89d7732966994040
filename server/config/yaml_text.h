#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "server/config/load.h"

namespace shale::config {

/// A place in a text, from 1; columns in bytes.
struct Place {
  std::size_t line = 0;
  std::size_t column = 0;
};

/// A whole file, of at most 1 MiB: nothing that an operator writes comes near.
std::variant<std::string, Problem> read_text(const std::string& path);

/// Where yaml-cpp would read the same document again and again, if anywhere. To be
/// asked before it is given a text. Throws what its parser throws.
std::optional<Place> find_stuck(const std::string& text);

}  // namespace shale::config
