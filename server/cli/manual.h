#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/cli/command_tree.h"

namespace shale::cli {

/// A page of the manual, as `man` reads it.
struct Page {
  std::string name;  ///< `shale-tag`
  int section = 1;
  std::string text;

  std::string file() const { return name + '.' + std::to_string(section); }
};

/// One page for the program, one for each of its commands with those below it, and
/// one for the configuration.
std::vector<Page> manual(const Command& program, std::string_view version);

}  // namespace shale::cli
