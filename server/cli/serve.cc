#include "server/cli/serve.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "server/cli/compose.h"
#include "server/cli/exposure.h"
#include "server/cli/process_limits.h"
#include "server/cli/rules.h"
#include "server/cli/service_manager.h"
#include "server/cli/version.h"

namespace shale::cli {
namespace {

/// What ending takes beyond the time that requests may take.
constexpr std::chrono::seconds kClosing{60};

/// Blocks the signals that the program answers to, in this thread and in all that
/// it starts from here on, and waits for one of them.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
      ::sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): a known signal cannot fail
  }

  int wait() const {
    int signal = 0;
    while (::sigwait(&signals_, &signal) != 0) {
    }
    return signal;
  }

  /// For at most `limit`; whichever comes first.
  void wait(std::chrono::milliseconds limit) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const ::timespec patience{.tv_sec = seconds.count(),
                              .tv_nsec = std::chrono::nanoseconds(limit - seconds).count()};
    ::sigtimedwait(&signals_, nullptr, &patience);
  }

 private:
  ::sigset_t signals_{};
};

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts)
    (all += all.empty() ? "" : ", ") += text;
  return all;
}

void reload(House& house, log::Logger& logger) {
  const api::ReloadReport report = house.operating.reload();
  for (const std::string& problem : report.problems)
    logger.error("the configuration is wrong, and no setting was taken over", {{"cause", problem}});
  if (!report.problems.empty()) return;
  const std::string changed = joined(report.changed);
  const std::string restart = joined(report.restart);
  const std::string read = joined(report.read);
  std::vector<log::Field> fields = {{"changed", std::string_view(changed)},
                                    {"read", std::string_view(read)}};
  if (!restart.empty()) fields.emplace_back("needs_restart", std::string_view(restart));
  logger.log(restart.empty() ? log::Level::kInfo : log::Level::kWarn, "reloaded", fields);
}

}  // namespace

int serve(const Serving& serving) {
  return serve_on(serving, {});
}

int serve_on(const Serving& serving, const Ground& ground) {
  const Signals signals;
  const ServiceManager manager(std::getenv("NOTIFY_SOCKET"));  // NOLINT(concurrency-mt-unsafe)
  const int descriptors = share_descriptors();
  bound_heap();
  log::Logger logger(log_options(serving.config, ::isatty(STDERR_FILENO) != 0));
  logger.info("starting", {{"version", version()}, {"data_dir", serving.config.storage.data_dir}});

  House house(serving, ground, logger, descriptors, make_rules(serving.config));
  for (const std::string& address : house.server.addresses())
    logger.info("listening", {{"address", address}});
  for (const std::string& warning : exposures(serving.config))
    logger.warn(warning);

  manager.ready();
  int signal = signals.wait();
  while (signal == SIGHUP) {
    manager.reloading();
    reload(house, logger);
    manager.ready();
    signal = signals.wait();
  }
  const auto config = house.operating.config();
  manager.stopping(config->timeouts.drain_delay + config->timeouts.drain + kClosing);
  house.operating.drain();
  logger.info("stopping", {{"signal", ::sigabbrev_np(signal)}});
  if (config->timeouts.drain_delay.count() > 0) signals.wait(config->timeouts.drain_delay);
  const std::size_t cut = house.server.stop(config->timeouts.drain);
  if (cut > 0) logger.warn("cut off connections that did not end in time", {{"connections", cut}});
  logger.info("stopped");
  return EXIT_SUCCESS;
}

}  // namespace shale::cli
