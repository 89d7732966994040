#include "tests/bench/programs/stopwatch.h"

#include <cstdio>
#include <ctime>

namespace shale::bench {
namespace {

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

Stopwatch::Stopwatch()
    : began_(seconds(CLOCK_MONOTONIC)), cpu_before_(seconds(CLOCK_PROCESS_CPUTIME_ID)) {}

void Stopwatch::print(const char* name, std::uint64_t value, const char* more) const {
  std::printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"%s\":%llu%s}\n", seconds(CLOCK_MONOTONIC) - began_,
              seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before_, name,
              static_cast<unsigned long long>(value), more);
}

}  // namespace shale::bench
