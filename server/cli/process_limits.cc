#include "server/cli/process_limits.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

#include <malloc.h>

namespace shale::cli {
namespace {

/// For the metadata, whose log must never meet a table that is full: a commit that
/// fails there ends all writing. More than `RocksMetadataStore` ever has open. The alert
/// ShaleOpenFilesNearLimit (deploy/prometheus/alerts.yaml) counts with it.
constexpr ::rlim_t kSetAside = 384;
/// Fewer would serve nobody.
constexpr ::rlim_t kFewest = 64;

}  // namespace

int share_descriptors() {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
  limit.rlim_cur = std::min<::rlim_t>(limit.rlim_max, std::numeric_limits<int>::max());
  ::setrlimit(RLIMIT_NOFILE, &limit);
  // What is in force, should that have been refused.
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
  if (limit.rlim_cur < kSetAside + kFewest) {
    throw std::runtime_error("this process may open " + std::to_string(limit.rlim_cur) +
                             " files, and needs " + std::to_string(kSetAside + kFewest) +
                             " at least: raise the limit (ulimit -n, or LimitNOFILE of systemd)");
  }
  return static_cast<int>(limit.rlim_cur - kSetAside);
}

void bound_heap() {
  // NOLINTBEGIN(concurrency-mt-unsafe)
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  ::mallopt(M_ARENA_MAX, 2);
  // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace shale::cli
