#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "server/registry/registry.h"

namespace shale::registry {

/// Which rules of retention are due. Runs that a restart has missed are made up for soon:
/// a rule is due first a few minutes after the start. One thread at a time.
class RetentionSchedule {
 public:
  static constexpr std::chrono::milliseconds kFirst = std::chrono::minutes(5);

  /// `rules` must outlive this.
  RetentionSchedule(const Rules& rules, Time now);

  /// Those that are due, each from then on due again after its time. Of a clock that jumps
  /// back, that time is the most that anything waits.
  std::vector<const Retention*> take_due(Time now);

 private:
  std::map<const Retention*, Time> next_;
};

/// Stores the times of pulls every `interval`, and runs retention when it is due, on a thread
/// of its own until it is destroyed; that ends a run after the repository that it is at, and stores
/// the last pulls.
class Retainer {
 public:
  /// A repository in which something went, or what failed.
  using Report = std::function<void(const std::string& where, const Result<std::size_t>& removed)>;

  /// Both must outlive this. `report`, which may be empty, is called on its thread.
  Retainer(Registry& registry, const Clock& clock, std::chrono::milliseconds interval,
           Report report);

 private:
  std::jthread thread_;
};

}  // namespace shale::registry
