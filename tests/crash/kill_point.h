#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::testing {

/// What passes a step.
enum class Work : std::uint8_t {
  kPushes,  ///< the mixed load of clients
  kLife,    ///< collection, and what brings back what was deleted
};

/// Where the process dies: at the n-th time that it passes one named step, counted
/// from the moment that it is armed. The layers of this folder call `reach` with
/// the name of every step. Thread-safe.
class KillPoint {
 public:
  /// `name` is one of those of `names`, or empty for none.
  KillPoint(std::string name, int nth) : name_(std::move(name)), left_(nth) {}

  /// From here on it counts. May be called by a signal handler.
  void arm() noexcept { armed_.store(true); }

  /// Does not return when this is where the process dies, by SIGKILL.
  void reach(std::string_view name);

  /// Runs `call` between the steps `before-<step>` and `after-<step>`.
  template <class Call>
  auto around(std::string_view step, Call call) {
    reach("before-" + std::string(step));
    auto answer = call();
    reach("after-" + std::string(step));
    return answer;
  }

  /// All steps that such work passes.
  static std::vector<std::string> names(Work work);

 private:
  const std::string name_;
  std::atomic<bool> armed_ = false;
  std::atomic<int> left_;
};

static_assert(std::atomic<bool>::is_always_lock_free, "armed in a signal handler");

}  // namespace shale::testing
