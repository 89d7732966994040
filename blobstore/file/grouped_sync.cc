#include "blobstore/file/grouped_sync.h"

#include <utility>

namespace shale::file {

Result<void> GroupedSync::run(const Sync& sync) {
  std::shared_ptr<Round> round;
  {
    auto state = state_.lock();
    if (!state->next) state->next = std::make_shared<Round>();
    round = state->next;
    ++round->callers;
    state.wait(changed_, [&](const State& now) { return round->outcome || !now.running; });
    if (const auto& outcome = round->outcome) return *outcome;
    if (const auto& failure = state->failure) return *failure;
    // Nothing runs and this round is not over, so it is still `next`: lead it.
    state->next.reset();
    state->running = true;
  }

  Result<void> answer = sync();

  auto state = state_.lock();
  state->running = false;
  round->outcome = answer;
  if (!answer) state->failure = answer.error();
  changed_.notify_all();
  return answer;
}

std::size_t GroupedSync::waiting() const {
  const auto state = state_.lock();
  return state->next ? state->next->callers : 0;
}

}  // namespace shale::file
