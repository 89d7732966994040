#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "server/config/assignment.h"

namespace shale::config {

Reading read_flags(const std::vector<FlagValue>& flags) {
  Reading reading;
  for (const FlagValue& given : flags) {
    const Setting* setting = find_setting(given.key);
    assert(setting != nullptr);
    if (!setting->list && given.values.size() != 1) {
      reading.emplace_back(
          Problem{given.flag, given.key,
                  "is given " + std::to_string(given.values.size()) + " times: give it once"});
      continue;
    }
    Assignment assignment{setting, given.flag, {}};
    // `--flag ''` is how a list is emptied.
    const bool emptied = setting->list && given.values == std::vector<std::string>{""};
    for (const std::string& value : given.values) {
      if (!emptied) assignment.texts.push_back({value, given.flag});
    }
    reading.emplace_back(std::move(assignment));
  }
  return reading;
}

}  // namespace shale::config
