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

/// Or all that is wrong with it.
using PolicyReading = std::variant<LoadedPolicy, std::vector<std::string>>;

/// An empty path is the policy for whoever has none.
PolicyReading load_policy(const std::string& path);
/// The same of a text; `path` is what the lines begin with.
PolicyReading understand_policy(const std::string& text, const std::string& path);

}  // namespace shale::cli
