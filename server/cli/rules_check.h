#pragma once

#include <vector>

#include "server/config/load.h"

namespace shale::cli {

/// What is wrong with the patterns of repositories in the rules, each with its place. The
/// configuration cannot tell, since patterns are `auth`'s.
std::vector<config::Problem> check_rules(const std::vector<config::Rule>& rules);

}  // namespace shale::cli
