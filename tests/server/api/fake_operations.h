#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/api/operations.h"

namespace shale::testing {

/// A server that tells and does what a test wants. Not thread-safe beyond that the test sets
/// it up before it asks.
class FakeOperations final : public api::Operations {
 public:
  std::vector<api::HealthCheck> readiness() override { return checks; }
  std::string metrics() override { return exposition; }
  api::ServerStatus status() override { return server; }
  api::ReloadReport reload() override {
    ++reloads;
    return report;
  }
  bool set_log_level(std::string_view wanted) override {
    if (wanted != "debug" && wanted != "info") return false;
    level = wanted;
    return true;
  }
  std::string log_level() const override { return level; }
  void tell_read_only() override { ++switches; }

  std::vector<api::HealthCheck> checks = {{"disk", true, "1GiB free"}};
  std::string exposition = "shale_up 1\n";
  api::ServerStatus server;
  api::ReloadReport report;
  int reloads = 0;
  int switches = 0;  ///< of the read-only mode
  std::string level = "info";
};

}  // namespace shale::testing
