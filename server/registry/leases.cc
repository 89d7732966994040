#include "server/registry/leases.h"

#include <functional>
#include <string>
#include <utility>

namespace shale::registry {
namespace {

/// Two that share a number hold each other, which costs some time and nothing else.
std::uint64_t number_of(const index::RepositoryName& repository, const Digest& digest) {
  return std::hash<std::string>()(repository.str() + '@' + digest.str());
}

}  // namespace

Leases::Leases(const Clock& clock, std::chrono::milliseconds length, std::size_t most)
    : clock_(clock), length_(length), most_(most) {
  const auto state = state_.lock();
  state->turned = clock.now();
  state->all_until = clock.now() + length;
}

void Leases::turn(State& state) const {
  const Time now = clock_.now();
  if (now < state.turned) state.turned = now;  // the clock jumped back: hold for longer
  if (now - state.turned < length_) return;
  state.older = now - state.turned < 2 * length_ ? std::exchange(state.newer, {})
                                                 : std::unordered_set<std::uint64_t>();
  state.newer.clear();
  state.turned = now;
}

void Leases::renew(const index::RepositoryName& repository, const Digest& digest) {
  if (length_.count() == 0) return;
  const auto state = state_.lock();
  turn(*state);
  if (state->newer.size() < most_) {
    state->newer.insert(number_of(repository, digest));
  } else {
    state->all_until = clock_.now() + length_;
  }
}

bool Leases::held(const index::RepositoryName& repository, const Digest& digest) const {
  const auto state = state_.lock();
  turn(*state);
  const std::uint64_t number = number_of(repository, digest);
  return clock_.now() < state->all_until || state->newer.contains(number) ||
         state->older.contains(number);
}

}  // namespace shale::registry
