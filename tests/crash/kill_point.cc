#include "tests/crash/kill_point.h"

#include <array>
#include <csignal>

#include <unistd.h>

namespace shale::testing {
namespace {

/// What `KillingFileSystem` and `KillingMetadataStore` go around.
constexpr std::array kSteps = {
    "create-upload",   "write",       "rest",           "sync-data",    "make-directory",
    "rename",          "set-mode",    "sync-directory", "unlink",       "open-upload",
    "close-upload",    "link-blob",   "mount-blob",     "put-manifest", "delete-tag",
    "delete-manifest", "delete-blob",
};
/// Commits whose batch is in the log, and the log not synced.
constexpr std::array kCommits = {
    "link-blob", "mount-blob", "put-manifest", "delete-tag", "delete-manifest", "delete-blob",
};

}  // namespace

void KillPoint::reach(std::string_view name) {
  if (name != name_ || !armed_.load() || left_.fetch_sub(1) != 1) return;
  ::kill(::getpid(), SIGKILL);
  for (;;)
    ::pause();
}

std::vector<std::string> KillPoint::names() {
  std::vector<std::string> names = {"middle-of-write"};
  for (const char* step : kSteps) {
    names.push_back(std::string("before-") + step);
    names.push_back(std::string("after-") + step);
  }
  for (const char* commit : kCommits)
    names.push_back(std::string("unsynced-") + commit);
  return names;
}

}  // namespace shale::testing
