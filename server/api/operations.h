#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::api {

/// One thing that has to be well for the server to be.
struct HealthCheck {
  std::string name;
  bool ok = true;
  std::string detail;  ///< what was found; when it is not well, also what to do
};

/// The server as a whole, as it is now.
struct ServerStatus {
  std::string version;
  std::int64_t process = 0;
  std::chrono::seconds uptime{0};
  std::vector<std::string> addresses;
  std::vector<std::pair<std::string, std::int64_t>> connections;  ///< by what they are at
  std::uint64_t pool_waiting = 0;
  std::uint64_t pool_busy = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t most_files = 0;
  std::uint64_t disk_free = 0;
  std::uint64_t disk_reserve = 0;
  std::string log_level;
  bool draining = false;
  /// Settings that were changed in the files and need a restart to count.
  std::vector<std::string> waiting_for_restart;
};

/// What came of reading the configuration and its files again.
struct ReloadReport {
  std::vector<std::string> changed;   ///< settings that count from now on
  std::vector<std::string> restart;   ///< settings that have changed, and need a restart
  std::vector<std::string> read;      ///< files that were read again
  std::vector<std::string> problems;  ///< with their places; if any, no setting was taken over
};

/// What the server tells of itself and lets be changed while it runs, beyond the registry.
/// Thread-safe.
class Operations {
 public:
  virtual ~Operations() = default;

  /// Whether requests should come here. May look at the disk.
  virtual std::vector<HealthCheck> readiness() = 0;
  /// In the text format of Prometheus. Does not wait for the disk.
  virtual std::string metrics() = 0;
  virtual ServerStatus status() = 0;

  /// All of what can change, or nothing. Reads files.
  virtual ReloadReport reload() = 0;
  /// The registry's read-only mode was switched: for the log.
  virtual void tell_read_only() = 0;
  /// False when there is no such level.
  virtual bool set_log_level(std::string_view level) = 0;
  virtual std::string log_level() const = 0;
};

}  // namespace shale::api
