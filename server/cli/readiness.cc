#include "server/cli/readiness.h"

#include <algorithm>
#include <string>

#include "server/config/units.h"

namespace shale::cli {

api::HealthCheck check_metadata(const index::EngineReport& engine) {
  if (engine.failure) {
    return {"metadata", false,
            "no commit is taken any more (" + *engine.failure +
                "): see to the disk, then start the server again"};
  }
  if (engine.stopped) {
    return {"metadata", false, "commits wait until compaction has caught up: see to the disk"};
  }
  return {"metadata", true, "commits are taken"};
}

api::HealthCheck check_disk(const Result<Space>& space) {
  if (!space) return {"disk", false, "its free space cannot be read: " + space.error().message};
  const std::string found = config::readable_size(space->free) + " free, " +
                            config::readable_size(space->reserve) + " of them in reserve";
  if (space->free > space->reserve) return {"disk", true, found};
  return {"disk", false,
          found + ": uploads are refused until something is deleted or the disk is larger"};
}

api::HealthCheck check_certificates_in_force(const std::vector<net::CertificateExpiry>& expiries,
                                             std::chrono::system_clock::time_point now) {
  const auto first = std::ranges::min_element(expiries, {}, &net::CertificateExpiry::until);
  const auto days = std::chrono::duration_cast<std::chrono::days>(first->until - now).count();
  if (first->until <= now) {
    return {"certificates", false,
            first->file + " has expired: put a fresh certificate there, it is read at once"};
  }
  return {"certificates", true,
          first->file + " is the first to expire, in " + std::to_string(days) + " days"};
}

}  // namespace shale::cli
