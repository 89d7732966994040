#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace shale::cli {

/// Rows of text in columns as wide as they need, two blanks apart; the first row has the
/// names of the columns. Control characters are shown as `?`.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace shale::cli
