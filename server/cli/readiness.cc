#include "server/cli/readiness.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "server/config/units.h"

namespace shale::cli {

api::HealthCheck check_metadata(const index::EngineReport& engine) {
  if (engine.failure) {
    return {"metadata", false,
            "no commit is taken any more, and the log says why: see to the disk, then start the "
            "server again"};
  }
  if (engine.stopped) {
    return {"metadata", false, "commits wait until compaction has caught up: see to the disk"};
  }
  return {"metadata", true, "commits are taken"};
}

api::HealthCheck check_disk(const Result<Space>& space) {
  if (!space) return {"disk", false, "its free space cannot be read: see to the disk"};
  const std::string found = config::readable_size(space->free) + " free, " +
                            config::readable_size(space->reserve) + " of them in reserve";
  if (space->free > space->reserve) return {"disk", true, found};
  return {"disk", false,
          found + ": uploads are refused until something is deleted or the disk is larger"};
}

api::HealthCheck check_certificates_in_force(const std::vector<net::CertificateExpiry>& expiries,
                                             std::chrono::system_clock::time_point now) {
  const auto [first, last] = std::ranges::minmax(expiries, {}, &net::CertificateExpiry::until);
  const std::string name = std::filesystem::path(first.file).filename().string();
  if (first.until <= now) {
    // Hosts of the others are served as before.
    const bool some_hold = last.until > now;
    return {"certificates", some_hold,
            name + " has expired: put a fresh certificate there, it is read at once" +
                (some_hold ? "; the others hold" : "")};
  }
  const auto days = std::chrono::duration_cast<std::chrono::days>(first.until - now).count();
  return {"certificates", true,
          name + " is the first to expire, in " + std::to_string(days) + " days"};
}

}  // namespace shale::cli
