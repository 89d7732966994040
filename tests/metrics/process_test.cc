#include "metrics/process.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "metrics/metrics.h"

using shale::metrics::Metrics;

namespace {

double value_of(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ' ')) return std::stod(line.substr(name.size()));
  }
  FAIL("there is no ", name);
  return 0;
}

std::string scraped() {
  Metrics metrics;
  metrics.add_source(shale::metrics::describe_process);
  return metrics.text();
}

}  // namespace

TEST_CASE("describe_process: the numbers are those of this process") {
  const std::string text = scraped();
  CHECK(value_of(text, "process_resident_memory_bytes") > 1e6);
  CHECK(value_of(text, "process_virtual_memory_bytes") >
        value_of(text, "process_resident_memory_bytes"));
  CHECK(value_of(text, "process_threads") >= 1);
  CHECK(value_of(text, "process_cpu_seconds_total") >= 0);

  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  CHECK(value_of(text, "process_start_time_seconds") <= now.count() + 2);
  CHECK(value_of(text, "process_start_time_seconds") > now.count() - 3600);
}

TEST_CASE("describe_process: an open file is counted, and no more once it is closed") {
  const double before = value_of(scraped(), "process_open_fds");
  {
    const std::ifstream file("/proc/self/status");
    CHECK(value_of(scraped(), "process_open_fds") == before + 1);
  }
  CHECK(value_of(scraped(), "process_open_fds") == before);
  CHECK(value_of(scraped(), "process_max_fds") > before);
}
