#include "server/cli/gatehouse.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <variant>
#include <vector>

#include "auth/robot_accounts.h"
#include "auth/robot_file.h"
#include "server/cli/attempt.h"
#include "server/cli/compose.h"
#include "server/cli/policy.h"
#include "server/cli/token_parts.h"
#include "server/log/rotating_file.h"

namespace shale::cli {
namespace {

constexpr std::chrono::seconds kLook{1};
/// So many looks lie between two times that the last use of robots is stored.
constexpr unsigned kLooksPerStore = 60;

std::unique_ptr<auth::RobotAccounts> open_robots(const config::Config& config, const Clock& clock) {
  const std::filesystem::path path =
      std::filesystem::path(config.storage.data_dir) / "auth" / "robots.json";
  auto opened = auth::RobotAccounts::open(std::make_unique<auth::RobotFile>(path),
                                          [&clock] { return clock.now(); });
  if (const auto* fault = std::get_if<std::string>(&opened)) throw std::runtime_error(*fault);
  return std::get<std::unique_ptr<auth::RobotAccounts>>(std::move(opened));
}

std::unique_ptr<log::Logger> open_audit_log(const config::Config::Auth& config,
                                            log::Logger& logger) {
  if (config.audit_log.empty()) return nullptr;
  const auto file = [&](std::function<void()> lost) {
    return log::rotating_file_sink({.path = config.audit_log,
                                    .most_bytes = config.audit_bytes,
                                    .keep = static_cast<unsigned>(config.audit_files),
                                    .report =
                                        [&logger](std::string_view what) {
                                          logger.error("the audit log has a gap",
                                                       {{"cause", what}});
                                        },
                                    .lost = std::move(lost)});
  };
  return std::make_unique<log::Logger>(
      log::Options{.format = log::Format::kJson, .level = log::Level::kInfo},
      log::Logger::MakeSink(file));
}

api::Guard::Settings guard_settings_with(
    const config::Config& config, const api::Audit* audit,
    std::function<void(std::string_view source, std::string_view outcome)> count_login) {
  api::Guard::Settings settings = guard_settings(config, audit);
  settings.count_login = std::move(count_login);
  return settings;
}

}  // namespace

Gatehouse::Gatehouse(
    const config::Config& config, const Clock& clock, log::Logger& logger,
    std::function<void(std::string_view source, std::string_view outcome)> count_login)
    : clock_(clock),
      logger_(logger),
      users_path_(config.auth.htpasswd),
      policy_path_(config.auth.policy),
      policy_stamp_(auth::stamp_of(policy_path_)),
      audit_lines_(open_audit_log(config.auth, logger)),
      audit_(audit_lines_ ? std::make_unique<api::Audit>(*audit_lines_, clock) : nullptr),
      sources_(make_sources(config, clock)),
      login_(*sources_, login_options(config)),
      tokens_(*sources_, token_parts(config, clock, logger), token_options(config)),
      guard_(login_, tokens_, *robots_, clock,
             guard_settings_with(config, audit_.get(), std::move(count_login)), first_policy()),
      watcher_([this](const std::stop_token& stop) { watch(stop); }) {
  adjust(config);
}

Gatehouse::~Gatehouse() {
  watcher_.request_stop();
  watcher_.join();
  store_last_used();
}

std::unique_ptr<auth::Authenticator> Gatehouse::make_sources(const config::Config& config,
                                                             const Clock& clock) {
  std::vector<std::unique_ptr<auth::Authenticator>> sources;
  auto robots = open_robots(config, clock);
  robots_ = robots.get();
  sources.push_back(std::move(robots));
  const std::string& htpasswd = config.auth.htpasswd;
  if (!htpasswd.empty()) {
    if (auth::stamp_of(htpasswd).size <= 0) {
      throw std::runtime_error("auth.htpasswd: " + htpasswd +
                               " is empty or cannot be read: `shale user add` makes one");
    }
    auto users = std::make_unique<auth::HtpasswdSource>(
        htpasswd, [this](const std::string& what) { logger_.warn(what, {}); });
    users_ = users.get();
    sources.push_back(std::move(users));
  }
  return std::make_unique<auth::AuthenticatorChain>(std::move(sources));
}

std::shared_ptr<const auth::AccessPolicy> Gatehouse::first_policy() {
  auto loaded = load_policy(policy_path_);
  if (const auto* errors = std::get_if<std::vector<std::string>>(&loaded)) {
    std::string all = "auth.policy is wrong:";
    for (const std::string& error : *errors)
      (all += "\n  ") += error;
    throw std::runtime_error(all);
  }
  auto& good = std::get<LoadedPolicy>(loaded);
  for (const std::string& warning : good.warnings)
    logger_.warn(warning, {});
  return std::move(good.policy);
}

void Gatehouse::refresh_policy() {
  const auto stamp = policy_stamp_.lock();
  if (*stamp == auth::stamp_of(policy_path_)) return;
  const auto wrong = read_policy(*stamp);
  for (const std::string& error : wrong)
    logger_.error("the changed policy is wrong, the one before it stays", {{"cause", error}});
  if (wrong.empty()) logger_.info("the policy was read again", {{"file", policy_path_}});
}

/// What is wrong with the file; then the policy before it stays in force.
std::vector<std::string> Gatehouse::read_policy(auth::FileStamp& stamp) {
  stamp = auth::stamp_of(policy_path_);
  auto loaded = load_policy(policy_path_);
  if (auto* errors = std::get_if<std::vector<std::string>>(&loaded)) return std::move(*errors);
  auto& good = std::get<LoadedPolicy>(loaded);
  for (const std::string& warning : good.warnings)
    logger_.warn(warning, {});
  guard_.replace_policy(std::move(good.policy));
  return {};
}

void Gatehouse::adjust(const config::Config& config) {
  guard_.replace_metrics_readers(metrics_readers(config));
  guard_.replace_front(front(config));
  if (audit_) audit_->replace_trusted_proxies(front(config).trusted_proxies);
}

Reread Gatehouse::reload() {
  Reread done;
  if (users_ != nullptr) {
    auto users = users_->reload();
    if (users.usable) done.read.emplace_back("users");
    done.wrong = std::move(users.wrong);
  }
  if (!policy_path_.empty()) {
    auto wrong = read_policy(*policy_stamp_.lock());
    if (wrong.empty()) done.read.emplace_back("policy");
    std::ranges::move(wrong, std::back_inserter(done.wrong));
  }
  return done;
}

void Gatehouse::store_last_used() {
  if (const auto fault = robots_->store_last_used()) {
    logger_.error("when robots were last used cannot be stored", {{"cause", *fault}});
  }
}

void Gatehouse::watch(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  unsigned looks = 0;
  while (!never.wait_for(lock, stop, kLook, [&] { return stop.stop_requested(); })) {
    attempt(logger_, "looking for changed users failed", [&] {
      if (users_ != nullptr) users_->refresh();
    });
    attempt(logger_, "looking for a changed policy failed", [&] {
      if (!policy_path_.empty()) refresh_policy();
    });
    attempt(logger_, "looking after the keys of tokens failed",
            [&] { tokens_.refresh(clock_.now()); });
    attempt(logger_, "storing when robots were last used failed", [&] {
      if (++looks % kLooksPerStore == 0) store_last_used();
    });
    attempt(logger_, "counting lines of the audit log failed", [&] {
      if (audit_) audit_->settle();
    });
  }
}

}  // namespace shale::cli
