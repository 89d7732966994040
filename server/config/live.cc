#include "server/config/live.h"

#include "server/config/settings.h"

namespace shale::config {

Difference difference(const Config& before, const Config& after) {
  Difference found;
  for (const Setting& setting : settings()) {
    if (setting.texts(before) == setting.texts(after)) continue;
    (setting.live ? found.live : found.restart).emplace_back(setting.key);
  }
  if (before.quotas != after.quotas) found.live.emplace_back("quotas");
  if (before.rules != after.rules) found.live.emplace_back("rules");
  return found;
}

Config with_live(Config before, const Config& after) {
  for (const Setting& setting : settings()) {
    // What was read once is read again without a complaint.
    if (setting.live) static_cast<void>(setting.assign(before, setting.texts(after)));
  }
  before.quotas = after.quotas;
  before.rules = after.rules;
  return before;
}

}  // namespace shale::config
