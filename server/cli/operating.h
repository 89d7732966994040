#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "blobstore/current.h"
#include "blobstore/guarded.h"
#include "server/api/operations.h"
#include "server/cli/command_line.h"
#include "server/config/config.h"
#include "server/log/logger.h"

namespace shale::cli {

struct House;

/// The house as a whole: what it tells of itself, and how it is changed while it serves.
/// Part of the house that it borrows. Thread-safe.
class Operating final : public api::Operations {
 public:
  Operating(House& house, const Serving& serving, log::Logger& logger);

  /// The house is complete. Until then it is not ready.
  void begin();
  /// It is to end soon: not ready any more.
  void drain();

  std::vector<api::HealthCheck> readiness() override;
  std::string metrics() override;
  api::ServerStatus status() override;
  api::ReloadReport reload() override;
  bool set_log_level(std::string_view level) override;
  void tell_read_only() override;
  std::string log_level() const override;

  /// In force now.
  std::shared_ptr<const config::Config> config() const { return config_.get(); }

 private:
  enum class Stage : std::uint8_t { kStarting, kServing, kDraining };

  api::ReloadReport try_reload();
  void tell(const api::ReloadReport& report);
  void apply(const config::Config& fresh, const std::vector<std::string>& changed);
  void read_files(api::ReloadReport& report);

  House& house_;
  log::Logger& logger_;
  const ReadConfig read_again_;
  Current<config::Config> config_;
  const std::chrono::steady_clock::time_point started_;
  std::atomic<Stage> stage_ = Stage::kStarting;
  std::atomic<log::Level> level_;
  std::mutex reloading_;  ///< one at a time
  Guarded<std::vector<std::string>> waiting_for_restart_;
};

}  // namespace shale::cli
