#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/doctor/report.h"
#include "server/config/config.h"

namespace shale::cli::doctor {

/// The process that listens on the control socket of that configuration.
std::optional<int> server_process(const config::Config& config);

/// What the server stands on, on this machine: the disk of the data directory, which has to be
/// there, and the limits of the process `server`, or of this one. Writes some files of its own
/// to the data directory, and removes them.
void check_ground(const config::Config& config, std::optional<int> server, Report& report);

// The judgements, apart from what they judge.

void judge_space(std::uint64_t free, std::uint64_t total, std::uint64_t reserve, Report& report);
/// `type` is that of statfs(2).
void judge_file_system(std::uint64_t type, Report& report);
/// How long each write of a small file took until it was on disk; at least one.
void judge_syncs(std::vector<std::chrono::microseconds> times, Report& report);
void judge_open_files(std::uint64_t limit, std::size_t connections, const std::string& whose,
                      Report& report);
void judge_memory(std::uint64_t limit, const config::Config& config, Report& report);

/// The soft limit on open files in the text of `/proc/PID/limits`.
std::optional<std::uint64_t> open_files_in(std::string_view limits);

}  // namespace shale::cli::doctor
