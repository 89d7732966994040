#include "server/cli/rules_check.h"

#include "auth/repository_pattern.h"

namespace shale::cli {

std::vector<config::Problem> check_rules(const std::vector<config::Rule>& rules) {
  std::vector<config::Problem> problems;
  for (const config::Rule& rule : rules) {
    for (const config::RuleWord& word : rule.repositories) {
      if (auth::RepositoryPattern::parse(word.text)) continue;
      problems.push_back({word.where, "rules",
                          '"' + word.text +
                              "\" can match no repository: write names, with * for anything within "
                              "one part and ** for any parts, such as team-a/**"});
    }
  }
  return problems;
}

}  // namespace shale::cli
