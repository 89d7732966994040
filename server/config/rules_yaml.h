#pragma once

#include <string>
#include <vector>

#include "server/config/load.h"
#include "server/config/rules.h"

namespace YAML {  // NOLINT(readability-identifier-naming): not ours
class Node;
}  // namespace YAML

namespace shale::config {

struct RulesRead {
  std::vector<Rule> rules;
  std::vector<Problem> problems;
};

/// Reads what stands below `rules:` in the file `path`, and finds what contradicts itself.
RulesRead read_rules(const YAML::Node& node, const std::string& path);

/// The rules as `read_rules` reads them back, with `rules:` before them; empty for none.
std::string rules_to_yaml(const std::vector<Rule>& rules);

/// Lines of a sample, all of them comments.
std::string rules_reference();

}  // namespace shale::config
