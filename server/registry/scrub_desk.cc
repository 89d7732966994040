#include "server/registry/scrub_desk.h"

namespace shale::registry {

bool ScrubDesk::ask(std::uint64_t rate) {
  auto status = status_.lock();
  if (status->running || status->waiting) return false;
  status->waiting = true;
  asked_ = rate;
  return true;
}

std::optional<std::uint64_t> ScrubDesk::take() {
  auto status = status_.lock();
  if (!status->waiting) return std::nullopt;
  status->waiting = false;
  status->running = true;  // so that nobody sees neither and takes it for over
  return asked_;
}

Result<void> ScrubDesk::run(std::uint64_t rate, const std::stop_token& stop) {
  const std::scoped_lock one_at_a_time(one_at_a_time_);
  {
    auto status = status_.lock();
    status->running = true;
    status->rate = rate;
    status->started = clock_.now();
    status->finished.reset();
    status->report = {};
    status->failure.clear();
  }
  ScrubReport report;
  auto outcome = scrub_.run(
      {.rate = rate, .young = young_, .only_tells = only_tells_}, stop,
      [this](const ScrubReport& now) { status_.lock()->report = now; }, report);
  auto status = status_.lock();
  status->running = false;
  status->finished = clock_.now();
  status->report = report;
  if (!outcome) status->failure = outcome.error().message;
  return outcome;
}

ScrubDesk::Status ScrubDesk::status() const {
  Status copy = *status_.lock();
  copy.lost_on_read = lost_.load();
  copy.set_aside = quarantine_.size();
  return copy;
}

}  // namespace shale::registry
