#pragma once

#include <span>
#include <string_view>

namespace shale::cli {

/// What there is to say of a command beyond its one line: paragraphs with a blank line
/// between them, in lines that a terminal has room for; what one types stands in backquotes.
struct Prose {
  std::string_view path;  ///< of the command: `tag rollback`; empty for the program
  std::string_view text;
};

std::span<const Prose> all_prose();

/// Empty for most commands.
std::string_view prose_of(std::string_view path);

}  // namespace shale::cli
