#include "server/cli/operating.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include <unistd.h>

#include "metrics/process.h"
#include "metrics/samples.h"
#include "server/cli/compose.h"
#include "server/cli/house.h"
#include "server/cli/readiness.h"
#include "server/cli/rules.h"
#include "server/cli/samples.h"
#include "server/cli/version.h"
#include "server/config/check.h"
#include "server/config/live.h"

namespace shale::cli {
namespace {

constexpr std::array kLevels = {log::Level::kDebug, log::Level::kInfo, log::Level::kWarn,
                                log::Level::kError};

bool has(const std::vector<std::string>& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts)
    (all += all.empty() ? "" : ", ") += text;
  return all;
}

}  // namespace

Operating::Operating(House& house, const Serving& serving, log::Logger& logger)
    : house_(house),
      logger_(logger),
      read_again_(serving.read_again),
      config_(serving.config),
      started_(std::chrono::steady_clock::now()),
      level_(cli::log_level(serving.config)) {
  house_.registry.set_read_only(serving.config.server.read_only);
  house_.metrics.add_source([this](metrics::Samples& samples) {
    for (const api::HealthCheck& check : readiness()) {
      samples.gauge("shale_ready", "Whether a check of /readyz is fine.", check.ok ? 1 : 0,
                    {{"check", check.name}});
    }
  });
}

void Operating::begin() {
  stage_ = Stage::kServing;
}

void Operating::drain() {
  stage_ = Stage::kDraining;
}

std::vector<api::HealthCheck> Operating::readiness() {
  std::vector<api::HealthCheck> checks;
  const Stage stage = stage_;
  if (stage == Stage::kStarting) return {{"serving", false, "the server is still starting"}};
  checks.push_back({"serving", stage == Stage::kServing,
                    stage == Stage::kServing ? "requests are taken"
                                             : "the server is about to end: send nobody here"});
  checks.push_back(check_metadata(house_.metadata->engine_report()));
  checks.push_back(check_disk(house_.blobs->space()));
  const auto expiries = house_.server.certificate_expiries();
  if (!expiries.empty()) {
    checks.push_back(check_certificates_in_force(expiries, std::chrono::system_clock::now()));
  }
  return checks;
}

std::string Operating::metrics() {
  return house_.metrics.text();
}

api::ServerStatus Operating::status() {
  api::ServerStatus status;
  if (stage_ == Stage::kStarting) return status;
  status.version = version();
  status.process = ::getpid();
  status.uptime =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
  status.addresses = house_.server.addresses();
  const net::Traffic& traffic = house_.server.traffic();
  for (std::size_t state = 0; state < net::kConnectionStates; ++state) {
    const auto at = static_cast<net::ConnectionState>(state);
    status.connections.emplace_back(state_name(at), traffic.in(at));
  }
  const net::Pool::Load pool = house_.server.pool_load();
  status.pool_waiting = pool.waiting;
  status.pool_busy = pool.busy;
  const metrics::Process process = metrics::read_process();
  status.resident_bytes = process.resident.value_or(0);
  status.open_files = process.open_files.value_or(0);
  status.most_files = process.most_files.value_or(0);
  if (const auto space = house_.blobs->space()) {
    status.disk_free = space->free;
    status.disk_reserve = space->reserve;
  }
  status.log_level = log_level();
  status.draining = stage_ == Stage::kDraining;
  status.waiting_for_restart = *waiting_for_restart_.lock();
  return status;
}

bool Operating::set_log_level(std::string_view level) {
  const auto* found = std::ranges::find(kLevels, level, log::level_name);
  if (found == kLevels.end()) return false;
  const log::Level before = level_.exchange(*found);
  // The line is to be seen whichever way it goes.
  if (*found < before) logger_.set_level(*found);
  if (*found != before) logger_.warn("log level", {{"level", log::level_name(*found)}});
  logger_.set_level(*found);
  return true;
}

void Operating::tell_read_only() {
  const bool on = house_.registry.read_only();
  logger_.warn("read-only", {{"on", on ? "yes" : "no"}});
}

std::string Operating::log_level() const {
  return std::string(log::level_name(level_));
}

api::ReloadReport Operating::reload() {
  const std::scoped_lock one_at_a_time(reloading_);
  api::ReloadReport report;
  if (stage_ == Stage::kStarting) {
    report.problems = {"the server is still starting: try again"};
    return report;
  }
  report = try_reload();
  house_.instruments.reloaded(report.problems.empty(), house_.clock.now());
  tell(report);
  return report;
}

void Operating::tell(const api::ReloadReport& report) {
  for (const std::string& problem : report.problems)
    logger_.error("the configuration is wrong, and no setting was taken over",
                  {{"cause", problem}});
  if (!report.problems.empty()) return;
  const std::string changed = joined(report.changed);
  const std::string restart = joined(report.restart);
  const std::string read = joined(report.read);
  std::vector<log::Field> fields = {{"changed", std::string_view(changed)},
                                    {"read", std::string_view(read)}};
  if (!restart.empty()) fields.emplace_back("needs_restart", std::string_view(restart));
  logger_.log(restart.empty() ? log::Level::kInfo : log::Level::kWarn, "reloaded", fields);
}

/// First all is read and judged, the files that it names included, and only then anything is
/// changed.
api::ReloadReport Operating::try_reload() {
  api::ReloadReport report;
  auto read = read_again_();
  if (auto* problems = std::get_if<std::vector<std::string>>(&read)) {
    report.problems = std::move(*problems);
    return report;
  }
  const auto& wanted = std::get<config::Config>(read);
  const auto current = config_.get();
  auto changes = config::difference(*current, wanted);
  config::Config fresh = config::with_live(*current, wanted);
  for (const config::Conflict& conflict : config::conflicts(fresh)) {
    report.problems.push_back(std::string(conflict.keys.front()) + ": " + conflict.what +
                              " (what this needs counts only after a restart)");
  }
  if (!report.problems.empty()) return report;

  apply(fresh, changes.live);
  config_.replace(std::move(fresh));
  *waiting_for_restart_.lock() = changes.restart;
  report.changed = std::move(changes.live);
  report.restart = std::move(changes.restart);
  read_files(report);
  return report;
}

void Operating::apply(const config::Config& fresh, const std::vector<std::string>& changed) {
  // The same rules stay the same object, or the schedule of retention would begin anew.
  const bool other_rules = has(changed, "rules") || has(changed, "storage.history");
  const auto rules = other_rules ? make_rules(fresh) : house_.registry.rules();
  house_.policy->replace(store_policy(fresh, rules));
  house_.registry.adjust(registry_options(fresh, rules));
  house_.api.replace_settings(api_settings(fresh));
  house_.server.adjust(net_limits(fresh));
  if (house_.gatehouse) house_.gatehouse->adjust(fresh);
  house_.blobs->set_reserve(fresh.storage.reserve);
  house_.scrubber.set_rate(fresh.storage.scrub_rate);
  // What a command has set meanwhile stays, unless the setting itself has changed.
  if (has(changed, "server.read_only")) {
    house_.registry.set_read_only(fresh.server.read_only);
    tell_read_only();
  }
  if (has(changed, "log.level")) set_log_level(log::level_name(cli::log_level(fresh)));
}

/// They were judged a moment ago; one that was changed since is told of, and the old one stays.
void Operating::read_files(api::ReloadReport& report) {
  if (house_.gatehouse) {
    Reread read = house_.gatehouse->reload();
    report.read = std::move(read.read);
    for (const std::string& wrong : read.wrong)
      logger_.warn("reloading left something as it was", {{"cause", wrong}});
  }
  if (config_.get()->tls.certificates.empty()) return;
  if (house_.server.reload_certificates()) report.read.emplace_back("certificates");
}

}  // namespace shale::cli
