#include "server/cli/config_flags.h"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <string_view>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>

#include "server/cli/access_check.h"
#include "server/cli/certificates.h"
#include "server/cli/help.h"
#include "server/cli/rules_check.h"
#include "server/config/print.h"
#include "server/config/settings.h"

namespace shale::cli {

ConfigFlags::ConfigFlags(CLI::App& command) {
  command.add_option("--config", file_, "YAML file with settings; also SHALE_CONFIG")
      ->type_name("FILE");
  values_.resize(config::settings().size());
  auto values = values_.begin();
  for (const config::Setting& setting : config::settings()) {
    std::string names = "--" + std::string(setting.key);
    if (!setting.flag.empty()) names += ",--" + std::string(setting.flag);
    command.add_option(names, *values++)->allow_extra_args(false)->group(kSettings);
  }
  command.footer(config::flag_help() + '\n' + std::string(kExitCodes));
}

std::optional<config::Loaded> ConfigFlags::load(const Surroundings& surroundings) const {
  auto loaded = config::load(sources(surroundings.environment));
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    for (const config::Problem& problem : *problems)
      surroundings.err << problem.str() << '\n';
    return std::nullopt;
  }
  auto& good = std::get<config::Loaded>(loaded);
  const auto wrong_rules = check_rules(good.config.rules);
  for (const config::Problem& problem : wrong_rules)
    surroundings.err << problem.str() << '\n';
  if (!wrong_rules.empty()) return std::nullopt;
  auto faults = check_certificates(good).faults;
  std::ranges::move(check_access(good), std::back_inserter(faults));
  for (const config::Problem& problem : faults)
    surroundings.err << problem.str() << '\n';
  if (!faults.empty()) return std::nullopt;
  return std::move(good);
}

config::Sources ConfigFlags::sources(const std::vector<std::string>& environment) const {
  config::Sources sources{.file = file_, .environment = environment, .flags = {}};
  if (!sources.file) sources.file = config_file_of(environment);
  auto values = values_.begin();
  for (const config::Setting& setting : config::settings()) {
    const std::vector<std::string>& given = *values++;
    if (given.empty()) continue;
    const std::string_view flag = setting.flag.empty() ? setting.key : setting.flag;
    sources.flags.push_back(
        {.flag = "--" + std::string(flag), .key = std::string(setting.key), .values = given});
  }
  return sources;
}

}  // namespace shale::cli
