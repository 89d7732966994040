#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config/load.h"
#include "server/config/settings.h"

namespace shale::config {

/// A text meant for a setting, and where it stands.
struct Text {
  std::string value;
  std::string where;
};

/// What a source has to say about one setting.
struct Assignment {
  const Setting* setting;
  std::string where;
  std::vector<Text> texts;
};

/// All quotas of a file.
struct QuotaList {
  std::vector<Quota> quotas;
  std::string where;
};

/// What a source has to say, in its order, and what in it could not be understood.
using Reading = std::vector<std::variant<Assignment, Problem, QuotaList, std::vector<Rule>>>;

Reading read_file(const std::string& path);
Reading read_environment(const std::vector<std::string>& entries);
Reading read_flags(const std::vector<FlagValue>& flags);

/// The setting that was probably meant by a key that does not exist; null when
/// none comes near.
const Setting* nearest_setting(std::string_view key);

}  // namespace shale::config
