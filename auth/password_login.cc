#include "auth/password_login.h"

#include <algorithm>
#include <utility>

#include "auth/text.h"

namespace shale::auth {
namespace {

constexpr std::size_t kMostKnown = 16384;
constexpr std::size_t kMostPlaces = 8;  // of one user: some machines, and a build server

}  // namespace

PasswordLogin::Recalled PasswordLogin::recall(const PasswordClaim& claim,
                                              const std::string& address, Time now) const {
  if (const auto wait = throttle_.wait_of_pair(address, claim.user, now)) return TooMany{*wait};
  if (auto identity = remembered_.find(claim, address, source_.generation(), now)) {
    return Accepted{std::move(identity)};
  }
  return NotRemembered{};
}

PasswordLogin::Verdict PasswordLogin::verify(const PasswordClaim& claim, const std::string& address,
                                             Time now) {
  if (const auto wait = wait_of(claim, address, now)) return TooMany{*wait};
  // No source has such a user, so there is nothing whose existence could be timed.
  if (!is_account_name(claim.user)) return Rejected{};

  const auto lane = is_known(claim, address)           ? LoginGate::Lane::kKnown
                    : throttle_.is_noisy(address, now) ? LoginGate::Lane::kNoisy
                                                       : LoginGate::Lane::kQuiet;
  const auto ticket = gate_.enter(lane, party_of(address));
  if (!ticket) return TooMany{};
  // While this waited, another request of the same login may have done the work,
  // or others may have failed.
  if (const auto wait = wait_of(claim, address, now)) return TooMany{*wait};
  const auto generation = source_.generation();
  if (auto identity = remembered_.find(claim, address, generation, now)) {
    return Accepted{std::move(identity)};
  }

  Outcome outcome = source_.authenticate(claim);
  if (auto* accepted = std::get_if<Accepted>(&outcome)) {
    throttle_.succeeded(address, claim.user);
    remembered_.keep(claim, address, generation, now, accepted->identity);
    note_known(claim, address);
    return std::move(*accepted);
  }
  if (auto* failed = std::get_if<SourceFailed>(&outcome)) return std::move(*failed);
  throttle_.failed(address, claim.user, now);
  return Rejected{};
}

/// What others did at an address, or to a name, does not hold up who is known there.
std::optional<std::chrono::seconds> PasswordLogin::wait_of(const PasswordClaim& claim,
                                                           const std::string& address,
                                                           Time now) const {
  return is_known(claim, address) ? throttle_.wait_of_pair(address, claim.user, now)
                                  : throttle_.wait_of_stranger(address, claim.user, now);
}

bool PasswordLogin::is_known(const PasswordClaim& claim, const std::string& address) const {
  const auto known = known_.lock();
  const auto found = known->find(claim.user);
  return found != known->end() && std::ranges::count(found->second, party_of(address)) > 0;
}

void PasswordLogin::note_known(const PasswordClaim& claim, const std::string& address) {
  std::string party = party_of(address);
  const auto known = known_.lock();
  if (known->size() >= kMostKnown && !known->contains(claim.user)) known->clear();
  auto& places = (*known)[claim.user];
  std::erase(places, party);
  if (places.size() >= kMostPlaces) places.erase(places.begin());
  places.push_back(std::move(party));
}

}  // namespace shale::auth
