#include "server/registry/retainer.h"

#include <algorithm>
#include <memory>
#include <stop_token>
#include <utility>

#include "server/registry/periodic.h"

namespace shale::registry {
namespace {

constexpr std::size_t kPage = 100;

class Rounds {
 public:
  Rounds(Registry& registry, const Clock& clock, Retainer::Report report)
      : registry_(registry),
        clock_(clock),
        report_(std::move(report)),
        rules_(registry.rules()),
        schedule_(*rules_, clock.now()) {}

  void store_pulls() const {
    if (const auto stored = registry_.store_pulls(); !stored) {
      report("the times of pulls", stored.error());
    }
  }

  void run(const std::stop_token& stop) {
    if (registry_.read_only()) return;
    store_pulls();
    follow_rules();
    const auto due = schedule_.take_due(clock_.now());
    if (due.empty()) return;
    std::string after;
    while (!stop.stop_requested()) {
      const auto page = registry_.list_repositories(after, kPage);
      if (!page) return report("the list of repositories", page.error());
      for (const index::RepositoryName& repository : page->items) {
        if (stop.stop_requested() || registry_.read_only()) return;
        if (std::ranges::count(due, rules_->retention(repository)) > 0) keep(repository);
      }
      if (!page->more || page->items.empty()) return;
      after = page->items.back().str();
    }
  }

 private:
  /// Other rules begin as those of a start do.
  void follow_rules() {
    auto rules = registry_.rules();
    if (rules == rules_) return;
    schedule_ = RetentionSchedule(*rules, clock_.now());
    rules_ = std::move(rules);
  }

  void keep(const index::RepositoryName& repository) {
    const auto outcome = registry_.run_retention(repository, RunMode::kRemove);
    if (!outcome) return report(repository.str(), outcome.error());
    const auto removed = std::ranges::count(*outcome, Retained::Fate::kWent, &Retained::fate);
    if (removed > 0) report(repository.str(), static_cast<std::size_t>(removed));
  }

  void report(const std::string& where, const Result<std::size_t>& outcome) const {
    if (report_) report_(where, outcome);
  }

  Registry& registry_;
  const Clock& clock_;
  Retainer::Report report_;
  std::shared_ptr<const Rules> rules_;
  RetentionSchedule schedule_;
};

}  // namespace

RetentionSchedule::RetentionSchedule(const Rules& rules, Time now) {
  for (const Rule& rule : rules.all()) {
    if (rule.retention)
      next_.emplace(&*rule.retention, now + std::min(kFirst, rule.retention->every));
  }
}

std::vector<const Retention*> RetentionSchedule::take_due(Time now) {
  std::vector<const Retention*> due;
  for (auto& [retention, next] : next_) {
    next = std::min(next, now + retention->every);
    if (next > now) continue;
    due.push_back(retention);
    next = now + retention->every;
  }
  return due;
}

Retainer::Retainer(Registry& registry, const Clock& clock, std::chrono::milliseconds interval,
                   Report report)
    : thread_([rounds = Rounds(registry, clock, std::move(report)),
               interval](const std::stop_token& stop) mutable {
        while (!stop.stop_requested()) {
          rounds.run(stop);
          wait_between(stop, interval);
        }
        rounds.store_pulls();
      }) {}

}  // namespace shale::registry
