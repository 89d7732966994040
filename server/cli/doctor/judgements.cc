#include <algorithm>
#include <array>
#include <charconv>

#include "server/cli/doctor/ground.h"
#include "server/config/units.h"

namespace shale::cli::doctor {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// What `shale serve` leaves to the metadata.
constexpr std::uint64_t kSetAside = 384;

}  // namespace

void judge_space(std::uint64_t free, std::uint64_t total, std::uint64_t reserve, Report& report) {
  constexpr std::uint64_t kTenth = 10;
  const std::string found = bytes_text(free) + " of " + bytes_text(total) + " free, reserve " +
                            config::format_size(reserve);
  if (free < reserve) {
    report.fail("disk space", found,
                "pushes are refused: free some, with `shale rm` and `shale gc run`, or have a "
                "larger disk");
  } else if (free < reserve + total / kTenth) {
    report.warn("disk space", found, "it is nearly full: plan for a larger disk");
  } else {
    report.ok("disk space", found);
  }
}

void judge_file_system(std::uint64_t type, Report& report) {
  struct Known {
    std::uint64_t type;
    const char* name;
    const char* trouble;
  };
  // From linux/magic.h; not all of it is there in every version.
  constexpr const char* kNetwork =
      "locks and syncs over a network are slower and fail in more ways: use a disk of this machine";
  constexpr const char* kMemory = "all is gone with a restart of the machine: use a disk";
  constexpr auto kKnown = std::to_array<Known>({
      {0x6969, "NFS", kNetwork},
      {0xFF534D42, "CIFS", kNetwork},
      {0xFE534D42, "SMB", kNetwork},
      {0x00C36400, "Ceph", kNetwork},
      {0x01021997, "9p", kNetwork},
      {0x65735546, "FUSE", "what it promises of syncs depends on what is behind it: use a disk"},
      {0x01021994, "tmpfs", kMemory},
      {0x858458F6, "ramfs", kMemory},
      {0x794C7630, "overlayfs",
       "that is the layer of a container, which goes with it: mount a volume for the data"},
      {0xEF53, "ext4", nullptr},
      {0x58465342, "XFS", nullptr},
      {0x9123683E, "btrfs", nullptr},
      {0x2FC12FC1, "ZFS", nullptr},
      {0xF2F52010, "F2FS", nullptr},
  });
  const auto* known = std::ranges::find(kKnown, type, &Known::type);
  if (known == kKnown.end()) {
    report.ok("file system", "one that is not known here");
  } else if (known->trouble != nullptr) {
    report.warn("file system", known->name, known->trouble);
  } else {
    report.ok("file system", known->name);
  }
}

void judge_syncs(std::vector<std::chrono::microseconds> times, Report& report) {
  constexpr std::chrono::milliseconds kSlow{20};
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  const std::string found =
      time_text(*middle) + " for a small file, the median of " + std::to_string(times.size());
  if (*middle > kSlow) {
    report.warn("disk sync", found,
                "every push waits for several of these: use an SSD, best one that keeps its cache "
                "through a power cut");
  } else {
    report.ok("disk sync", found);
  }
}

void judge_open_files(std::uint64_t limit, std::size_t connections, const std::string& whose,
                      Report& report) {
  const std::string found = std::to_string(limit) + ' ' + whose;
  if (limit < kSetAside + connections) {
    const std::uint64_t left = limit > kSetAside ? limit - kSetAside : 0;
    report.warn("open files", found,
                "that is enough for " + std::to_string(left) + " connections of " +
                    std::to_string(connections) +
                    " (limits.connections): raise it (LimitNOFILE of "
                    "systemd, ulimit -n, --ulimit nofile of docker)");
  } else {
    report.ok("open files", found);
  }
}

void judge_memory(std::uint64_t limit, const config::Config& config, Report& report) {
  constexpr std::uint64_t kBesides = 128 * kMiB;
  const std::uint64_t wanted = config.limits.body_memory + config.storage.block_cache + kBesides;
  if (limit < wanted) {
    report.warn(
        "memory", bytes_text(limit),
        "give it " + bytes_text(wanted) + ", or lower limits.body_memory and limits.connections");
  } else {
    report.ok("memory", bytes_text(limit));
  }
}

std::optional<std::uint64_t> open_files_in(std::string_view limits) {
  constexpr std::string_view kFront = "Max open files";
  const auto at = limits.find(kFront);
  if (at == std::string_view::npos) return std::nullopt;
  limits.remove_prefix(at + kFront.size());
  limits.remove_prefix(std::min(limits.find_first_not_of(' '), limits.size()));
  std::uint64_t number = 0;
  const auto read = std::from_chars(limits.data(), limits.data() + limits.size(), number);
  return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace shale::cli::doctor
