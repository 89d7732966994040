#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "auth/access_policy.h"

namespace shale::cli {

/// A policy file, read and understood. Every line begins with file and line.
struct LoadedPolicy {
  std::shared_ptr<const auth::AccessPolicy> policy;
  std::vector<std::string> warnings;
};

/// Or all that is wrong with it. An empty path is the policy for whoever has none.
std::variant<LoadedPolicy, std::vector<std::string>> load_policy(const std::string& path);

}  // namespace shale::cli
