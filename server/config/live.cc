#include "server/config/live.h"

#include <algorithm>
#include <array>

#include "server/config/settings.h"

namespace shale::config {
namespace {

constexpr std::array<std::string_view, 30> kLive = {
    "server.absolute_locations",
    "server.read_only",
    "storage.history",
    "limits.head_bytes",
    "limits.target_bytes",
    "limits.header_fields",
    "limits.manifest_bytes",
    "limits.connections",
    "limits.connections_per_address",
    "limits.tags_per_push",
    "limits.page_size",
    "limits.catalog_default",
    "timeouts.handshake",
    "timeouts.head",
    "timeouts.body_progress",
    "timeouts.write_progress",
    "timeouts.idle",
    "timeouts.drain",
    "timeouts.drain_delay",
    "registry.allow_sparse",
    "registry.delete_tags",
    "registry.delete_manifests",
    "registry.delete_blobs",
    "registry.delete_uploads",
    "log.level",
    "log.access",
    "log.slow",
    "metrics.access",
    "metrics.readers",
    "quotas",
};

}  // namespace

bool is_live(std::string_view key) {
  return key == "rules" || std::ranges::find(kLive, key) != kLive.end();
}

Difference difference(const Config& before, const Config& after) {
  Difference found;
  for (const Setting& setting : settings()) {
    if (setting.texts(before) == setting.texts(after)) continue;
    (is_live(setting.key) ? found.live : found.restart).emplace_back(setting.key);
  }
  if (before.quotas != after.quotas) found.live.emplace_back("quotas");
  if (before.rules != after.rules) found.live.emplace_back("rules");
  return found;
}

Config with_live(Config before, const Config& after) {
  for (const Setting& setting : settings()) {
    // What was read once is read again without a complaint.
    if (is_live(setting.key)) static_cast<void>(setting.assign(before, setting.texts(after)));
  }
  before.quotas = after.quotas;
  before.rules = after.rules;
  return before;
}

}  // namespace shale::config
