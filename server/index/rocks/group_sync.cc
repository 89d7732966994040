#include "server/index/rocks/group_sync.h"

#include <algorithm>
#include <string>

namespace shale::index::rocks {

Result<void> GroupSync::wait_for(std::uint64_t number) {
  {
    auto state = state_.lock();
    state.wait(changed_, [&](const State& now) {
      return now.failure || now.durable >= number || !now.leading;
    });
    // Durable before failed: what an earlier sync has saved, a later one cannot lose.
    State& now = *state;
    if (now.durable >= number) {
      return {};
    }
    if (now.failure) {
      return *now.failure;
    }
    now.leading = true;
  }

  // Why this is enough: `written_` is read before the sync begins, and it is only
  // stored after the bytes up to it are in the file. So the sync covers them. It
  // is at least `number`, since our caller has written that already. One leader
  // at a time, so `durable` never runs ahead of a sync that is still under way.
  const std::uint64_t covered = written_.load();
  ++syncs_;
  Result<void> outcome = sync_();

  auto state = state_.lock();
  state->leading = false;
  if (outcome) {
    state->durable = std::max(state->durable, covered);
  } else if (!state->failure) {
    state->failure = outcome.error();
  }
  changed_.notify_all();
  return outcome;
}

void GroupSync::fail(Error error) {
  auto state = state_.lock();
  if (!state->failure) {
    state->failure = std::move(error);
  }
  changed_.notify_all();
}

Result<void> GroupSync::healthy() const {
  const auto state = state_.lock();
  const State& now = *state;
  if (!now.failure) {
    return {};
  }
  return Error{Errc::kUnavailable, "an earlier write to the metadata store failed (" +
                                       now.failure->message +
                                       "): nothing more is accepted until the server is restarted"};
}

}  // namespace shale::index::rocks
