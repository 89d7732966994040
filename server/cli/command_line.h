#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/config/config.h"

namespace shale::cli {

/// Exit codes of every subcommand.
inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;  ///< it could not be done
inline constexpr int kUsage = 2;    ///< the command line or the configuration is wrong

/// What `shale fsck` is told.
struct FsckOptions {
  bool repair = false;
  bool quick = false;  ///< sizes only
  bool json = false;
};

/// The configuration, or what is wrong with it, each in one line with its place.
using ReadConfig = std::function<std::variant<config::Config, std::vector<std::string>>()>;

/// What `shale serve` is told.
struct Serving {
  config::Config config;
  /// Reads it again, from where it came. Any thread.
  ReadConfig read_again;
};

/// What the program runs in. Borrows the streams.
struct Surroundings {
  std::vector<std::string> environment;  ///< `NAME=value`
  std::ostream& out;
  std::ostream& err;
  std::function<int(const Serving&)> serve;  ///< what `shale serve` does
  using Fsck = std::function<int(const config::Config&, const FsckOptions&, std::ostream& out,
                                 std::ostream& err)>;
  /// What `shale fsck` does; prints to the streams of this.
  Fsck fsck = {};  // NOLINT(readability-redundant-member-init): may be left out
  /// Asks for a new password; none when there is none. It never comes from the command
  /// line, which others can read.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  std::function<std::optional<std::string>(const std::string& prompt)> ask_password = {};
  /// Asks once for a password that there is.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  std::function<std::optional<std::string>(const std::string& prompt)> read_password = {};
};

/// The configuration file that the environment names.
std::optional<std::string> config_file_of(const std::vector<std::string>& environment);

/// Runs `shale` with `arguments`, the program's name left out, and returns its
/// exit code. Lets exceptions of the start-up through.
int run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace shale::cli
