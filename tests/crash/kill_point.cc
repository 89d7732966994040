#include "tests/crash/kill_point.h"

#include <csignal>

#include <unistd.h>

namespace shale::testing {
namespace {

using Steps = std::vector<std::string>;

/// What `KillingFileSystem` and `KillingMetadataStore` go around.
const Steps& steps_of(Work work) {
  static const Steps pushes = {
      "create-upload",   "write",       "rest",           "sync-data",    "make-directory",
      "rename",          "set-mode",    "sync-directory", "unlink",       "open-upload",
      "close-upload",    "link-blob",   "mount-blob",     "put-manifest", "delete-tag",
      "delete-manifest", "delete-blob",
  };
  static const Steps life = {
      "collect", "sync", "unlink", "file-removed", "restore-manifest", "move-tag",
  };
  return work == Work::kPushes ? pushes : life;
}

/// Those whose batch is in the log, and the log not synced.
const Steps& commits_of(Work work) {
  static const Steps pushes = {
      "link-blob", "mount-blob", "put-manifest", "delete-tag", "delete-manifest", "delete-blob",
  };
  static const Steps life = {"sync", "restore-manifest", "move-tag"};
  return work == Work::kPushes ? pushes : life;
}

}  // namespace

void KillPoint::reach(std::string_view name) {
  if (name != name_ || !armed_.load() || left_.fetch_sub(1) != 1) return;
  ::kill(::getpid(), SIGKILL);
  for (;;)
    ::pause();
}

std::vector<std::string> KillPoint::names(Work work) {
  std::vector<std::string> names;
  if (work == Work::kPushes) names.emplace_back("middle-of-write");
  for (const std::string& step : steps_of(work)) {
    names.push_back("before-" + step);
    names.push_back("after-" + step);
  }
  for (const std::string& commit : commits_of(work))
    names.push_back("unsynced-" + commit);
  return names;
}

}  // namespace shale::testing
