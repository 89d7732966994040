#include "metrics/process.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace shale::metrics {
namespace {

/// Of `/proc/self/stat` (proc(5)), what is behind the name of the program, which may hold
/// blanks and parentheses itself.
struct Stat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since the machine was started
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string line(std::istreambuf_iterator<char>(file), {});
  const std::size_t end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(end_of_name + 1));
  std::string skipped;
  // Fields are numbered from 1, the name is the second: state, the third, is next.
  constexpr int kUserTime = 14;
  for (int field = 3; field < kUserTime; ++field)
    rest >> skipped;
  Stat stat;
  rest >> stat.user_ticks >> stat.system_ticks;
  for (int field = 16; field < 20; ++field)
    rest >> skipped;
  rest >> stat.threads >> skipped >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
  if (!rest) return std::nullopt;
  return stat;
}

/// When the machine was started, in seconds since 1970.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  // The one of the directory itself is gone by now.
  return error || count == 0 ? std::nullopt : std::optional(count - 1);
}

}  // namespace

Process read_process() {
  Process process;
  if (const auto stat = read_stat()) {
    const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    process.cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / per_second;
    process.resident = stat->resident_pages * page;
    process.address_space = stat->virtual_bytes;
    process.threads = stat->threads;
    if (const auto booted = boot_time()) {
      process.started = *booted + static_cast<double>(stat->start_ticks) / per_second;
    }
  }
  process.open_files = open_descriptors();
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) process.most_files = limit.rlim_cur;
  return process;
}

void describe_process(Samples& samples) {
  const Process process = read_process();
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    if (value) samples.gauge(name, help, static_cast<double>(*value));
  };
  if (process.cpu_seconds) {
    samples.counter("process_cpu_seconds_total", "Processor time, in user mode and in the kernel.",
                    *process.cpu_seconds);
  }
  gauge("process_resident_memory_bytes", "Memory that is not swapped out.", process.resident);
  gauge("process_virtual_memory_bytes", "Address space.", process.address_space);
  gauge("process_threads", "Threads.", process.threads);
  gauge("process_start_time_seconds", "When the process was started, since 1970.", process.started);
  gauge("process_open_fds", "Open file descriptors.", process.open_files);
  gauge("process_max_fds", "The most file descriptors that may be open.", process.most_files);
}

}  // namespace shale::metrics
