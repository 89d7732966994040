#include "server/cli/doctor/ground.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <variant>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "server/cli/control.h"
#include "server/net/unique_fd.h"
#include "server/net/wire.h"

namespace shale::cli::doctor {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFiles = 15;
constexpr std::size_t kSmall = std::size_t{4} << 10;
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kWritten = std::size_t{32} << 20;

std::string errno_text() {
  return std::generic_category().message(errno);
}

/// A directory for the files of the checks, which goes with them.
class Scratch {
 public:
  explicit Scratch(const fs::path& within)
      : path_((within / ".shale-doctor-XXXXXX").string()),
        made_(::mkdtemp(path_.data()) != nullptr) {}
  ~Scratch() {
    std::error_code error;
    if (made_) fs::remove_all(path_, error);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool made() const noexcept { return made_; }
  fs::path operator/(const std::string& name) const { return fs::path(path_) / name; }

 private:
  std::string path_;
  bool made_;
};

/// How long it took until so many bytes were on disk; none when they are not.
std::optional<std::chrono::microseconds> write_file(const fs::path& path, std::size_t bytes) {
  const std::string piece(std::min(bytes, kPiece), 'x');
  const auto begun = Clock::now();
  const net::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return std::nullopt;
  for (std::size_t left = bytes; left > 0;) {
    const ::ssize_t written = ::write(file.get(), piece.data(), std::min(left, piece.size()));
    if (written <= 0) return std::nullopt;
    left -= static_cast<std::size_t>(written);
  }
  if (::fdatasync(file.get()) != 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
}

void check_speed(const fs::path& directory, bool room, Report& report) {
  constexpr const char* kAsItsUser =
      "run this as the user of the server, who must be able to write";
  const Scratch scratch(directory);
  if (!scratch.made()) {
    return report.warn("disk sync", directory.string() + ": " + errno_text(), kAsItsUser);
  }
  std::vector<std::chrono::microseconds> times;
  for (std::size_t i = 0; i < kFiles; ++i) {
    const auto time = write_file(scratch / std::to_string(i), kSmall);
    if (!time) {
      return report.fail("disk sync", directory.string() + ": " + errno_text(),
                         "see what the kernel says of this disk (dmesg)");
    }
    times.push_back(*time);
  }
  judge_syncs(std::move(times), report);
  if (!room) return;
  const auto time = write_file(scratch / "large", kWritten);
  if (!time) {
    report.fail("disk write", directory.string() + ": " + errno_text(),
                "see what the kernel says of this disk (dmesg)");
  } else {
    report.ok("disk write", rate_text(kWritten, *time) + " with the sync");
  }
}

void check_one_file_system(const fs::path& directory, Report& report) {
  struct ::stat blobs{};
  struct ::stat uploads{};
  // A server that has never run has not made them yet.
  if (::stat((directory / "blobs").c_str(), &blobs) != 0 ||
      ::stat((directory / "uploads").c_str(), &uploads) != 0) {
    return;
  }
  if (blobs.st_dev != uploads.st_dev) {
    report.fail("one disk", "blobs and uploads are on different file systems",
                "mount one under all of " + directory.string() +
                    ": an upload becomes a blob by a rename, which does not cross over");
  } else {
    report.ok("one disk", "blobs and uploads are on the same file system");
  }
}

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

/// The least of what the machine has and what the control groups of the process allow.
std::optional<std::uint64_t> memory_of(const std::string& process) {
  constexpr std::string_view kTotal = "MemTotal:";
  constexpr std::uint64_t kKiB = 1024;
  std::optional<std::uint64_t> least;
  const std::string machine = contents("/proc/meminfo");
  if (const auto at = machine.find(kTotal); at != std::string::npos) {
    const auto digits = machine.find_first_of("0123456789", at);
    if (digits != std::string::npos) least = number_in(machine.substr(digits));
    if (least) *least *= kKiB;
  }
  constexpr std::string_view kUnified = "0::/";
  const std::string groups = contents("/proc/" + process + "/cgroup");
  const auto at = groups.find(kUnified);
  if (at == std::string::npos) return least;
  const auto begin = at + kUnified.size();
  const fs::path root = "/sys/fs/cgroup";
  for (fs::path group = root / groups.substr(begin, groups.find('\n', begin) - begin);;
       group = group.parent_path()) {
    const auto limit = number_in(contents(group / "memory.max"));
    if (limit && (!least || *limit < *least)) least = limit;
    if (group == root || !group.has_relative_path()) return least;
  }
}

void check_process(const config::Config& config, std::optional<int> server, Report& report) {
  const std::string process = server ? std::to_string(*server) : "self";
  auto limit = server ? open_files_in(contents("/proc/" + process + "/limits")) : std::nullopt;
  if (limit) {
    judge_open_files(*limit, config.limits.connections, "for the server", report);
  } else {
    // The server raises its own as far as it may.
    ::rlimit ours{};
    ::getrlimit(RLIMIT_NOFILE, &ours);
    judge_open_files(ours.rlim_max, config.limits.connections, "for this process", report);
  }
  if (const auto memory = memory_of(process)) judge_memory(*memory, config, report);
}

}  // namespace

std::optional<int> server_process(const config::Config& config) {
  const std::string path = control_path(config);
  if (path.empty()) return std::nullopt;
  const auto dialed = net::dial_unix(path);
  const auto* connected = std::get_if<net::Dialed>(&dialed);
  if (connected == nullptr) return std::nullopt;
  ::ucred peer{};
  ::socklen_t size = sizeof peer;
  if (::getsockopt(connected->socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
      peer.pid <= 0) {
    return std::nullopt;
  }
  return peer.pid;
}

void check_ground(const config::Config& config, std::optional<int> server, Report& report) {
  const fs::path directory = config.storage.data_dir;
  struct ::statvfs space{};
  struct ::statfs system{};
  if (::statvfs(directory.c_str(), &space) != 0 || ::statfs(directory.c_str(), &system) != 0) {
    report.warn("data", directory.string() + ": " + errno_text(),
                "on the machine of the server, name its directory with --config or --data-dir");
    return;
  }
  report.ok("data", directory.string());
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  judge_space(free, std::uint64_t{space.f_blocks} * space.f_frsize, config.storage.reserve, report);
  judge_file_system(static_cast<std::uint32_t>(system.f_type), report);
  check_one_file_system(directory, report);
  check_speed(directory, free > config.storage.reserve + 2 * kWritten, report);
  check_process(config, server, report);
}

}  // namespace shale::cli::doctor
