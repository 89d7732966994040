#include "auth/token_gate.h"

#include <utility>

#include "auth/login_throttle.h"

namespace shale::auth {

struct TokenGate::State {
  struct Address {
    unsigned bad = 0;
    Time last;
  };
  std::unordered_map<std::string, Address> addresses;
  std::unordered_map<std::string, std::size_t> inside;  ///< of those that are noisy
  std::size_t all = 0;
};

/// What a noisy address holds.
struct TokenGate::Noisy {
  Noisy(std::shared_ptr<Guarded<State>> state_in, std::string party_in)
      : state(std::move(state_in)), party(std::move(party_in)) {}
  Noisy(const Noisy&) = delete;
  Noisy& operator=(const Noisy&) = delete;
  ~Noisy() {
    const auto open = state->lock();
    --open->all;
    const auto own = open->inside.find(party);
    if (own != open->inside.end() && --own->second == 0) open->inside.erase(own);
  }

  std::shared_ptr<Guarded<State>> state;
  std::string party;
};

TokenGate::TokenGate(Options options)
    : options_(options), state_(std::make_shared<Guarded<State>>()) {}
TokenGate::~TokenGate() = default;

std::optional<TokenGate::Pass> TokenGate::enter(std::string_view address, Time now) const {
  std::string party = party_of(address);
  {
    const auto state = state_->lock();
    const auto found = state->addresses.find(party);
    const bool noisy = found != state->addresses.end() && found->second.bad >= options_.free &&
                       now - found->second.last <= options_.forget;
    if (!noisy) return Pass();
    if (state->all >= options_.of_all) return std::nullopt;
    std::size_t& own = state->inside[party];
    if (own >= options_.of_one) return std::nullopt;
    ++own;
    ++state->all;
  }
  return std::make_shared<const Noisy>(state_, std::move(party));
}

void TokenGate::failed(std::string_view address, Time now) {
  const auto state = state_->lock();
  auto& addresses = state->addresses;
  std::string party = party_of(address);
  if (addresses.size() >= options_.most && !addresses.contains(party)) {
    std::erase_if(addresses,
                  [&](const auto& entry) { return now - entry.second.last > options_.forget; });
    if (addresses.size() >= options_.most) addresses.clear();
  }
  auto& counted = addresses[std::move(party)];
  const bool over = now - counted.last > options_.forget;
  counted = {.bad = over ? 1 : counted.bad + 1, .last = now};
}

}  // namespace shale::auth
