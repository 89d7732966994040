#include "server/config/live.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/config/settings.h"

using namespace std::chrono_literals;

namespace shale::config {
namespace {

using Keys = std::vector<std::string>;

TEST_CASE("difference: tells what counts at once from what needs a restart") {
  Config before;
  Config after;
  after.log.level = LogLevel::kDebug;
  after.timeouts.idle = 7s;
  after.server.workers = 3;
  after.storage.data_dir = "/elsewhere";
  after.quotas = {{.name_space = "team", .bytes = 5}};
  const Difference found = difference(before, after);
  CHECK(found.live == Keys{"timeouts.idle", "log.level", "quotas"});
  CHECK(found.restart == Keys{"server.workers", "storage.data_dir"});
}

TEST_CASE("difference: what is the same is no difference") {
  const Difference found = difference({}, {});
  CHECK(found.live.empty());
  CHECK(found.restart.empty());
}

TEST_CASE("with_live: takes over what is live, and leaves all else as it was") {
  Config before;
  before.server.workers = 2;
  Config after;
  after.server.workers = 5;
  after.limits.manifest_bytes = std::size_t{2} << 20;
  after.metrics.readers = {"prometheus", "robot:watch"};
  after.quotas = {{.name_space = "team", .tags = 9}};
  const Config merged = with_live(before, after);
  CHECK(merged.server.workers == 2);
  CHECK(merged.limits.manifest_bytes == std::size_t{2} << 20);
  CHECK(merged.metrics.readers == after.metrics.readers);
  CHECK(merged.quotas == after.quotas);
  CHECK(difference(merged, after).live.empty());
}

}  // namespace
}  // namespace shale::config
