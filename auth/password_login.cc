#include "auth/password_login.h"

#include <utility>

#include "auth/text.h"

namespace shale::auth {
namespace {

constexpr std::size_t kMostKnown = 16384;

}  // namespace

PasswordLogin::Recalled PasswordLogin::recall(const PasswordClaim& claim,
                                              const std::string& address, Time now) const {
  if (const auto wait = throttle_.wait_to_recall(address, claim.user, now)) return TooMany{*wait};
  if (auto identity = remembered_.find(claim, address, source_.generation(), now)) {
    return Accepted{std::move(identity)};
  }
  return NotRemembered{};
}

PasswordLogin::Verdict PasswordLogin::verify(const PasswordClaim& claim, const std::string& address,
                                             Time now) {
  if (const auto wait = throttle_.wait_to_verify(address, claim.user, now)) return TooMany{*wait};
  // No source has such a user, so there is nothing whose existence could be timed.
  if (!is_account_name(claim.user)) return Rejected{};

  const auto lane = throttle_.is_noisy(address, now) ? LoginGate::Lane::kNoisy
                    : is_known(claim, address)       ? LoginGate::Lane::kKnown
                                                     : LoginGate::Lane::kQuiet;
  const auto ticket = gate_.enter(lane, party_of(address));
  if (!ticket) return TooMany{};
  // While this waited, another request of the same login may have done the work,
  // or others may have failed.
  if (const auto wait = throttle_.wait_to_verify(address, claim.user, now)) return TooMany{*wait};
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

bool PasswordLogin::is_known(const PasswordClaim& claim, const std::string& address) const {
  const auto known = known_.lock();
  const auto found = known->find(claim.user);
  return found != known->end() && found->second == party_of(address);
}

void PasswordLogin::note_known(const PasswordClaim& claim, const std::string& address) {
  const auto known = known_.lock();
  if (known->size() >= kMostKnown) known->clear();
  known->insert_or_assign(claim.user, party_of(address));
}

}  // namespace shale::auth
