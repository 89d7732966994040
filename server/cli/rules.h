#pragma once

#include <memory>

#include "server/config/config.h"
#include "server/registry/rules.h"

namespace shale::cli {

/// The rules as the registry asks them. A pattern that `check_rules` refuses matches nothing.
std::shared_ptr<const registry::Rules> make_rules(const config::Config& config);

}  // namespace shale::cli
