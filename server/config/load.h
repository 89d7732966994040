#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/config/config.h"

namespace shale::config {

/// One flag of the command line with all values that were given to it.
struct FlagValue {
  std::string flag;  ///< as the user knows it, with its dashes
  std::string key;   ///< of the setting
  std::vector<std::string> values;
};

/// Where values come from; each source overrides those before it.
struct Sources {
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named everywhere.
  std::optional<std::string> file = {};       ///< path of a YAML file
  std::vector<std::string> environment = {};  ///< `NAME=value`, all of the process
  std::vector<FlagValue> flags = {};
  // NOLINTEND(readability-redundant-member-init)
};

/// Something that an operator has to put right.
struct Problem {
  std::string where;  ///< `shale.yaml:12:5`, a variable or a flag
  std::string key;    ///< of the setting; empty where `where` names it already
  std::string what;   ///< what is wrong and what to do

  /// One line, without the newline.
  std::string str() const;

  bool operator==(const Problem&) const = default;
};

struct Loaded {
  Config config;
  /// Where each setting got its value; those not in here have their default.
  std::map<std::string, std::string, std::less<>> origins;
};

/// Lays the sources over the defaults and checks that the result makes sense.
/// Gives all problems there are, in the order of the sources.
std::variant<Loaded, std::vector<Problem>> load(const Sources& sources);

}  // namespace shale::config
