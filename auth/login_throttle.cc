#include "auth/login_throttle.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace shale::auth {
namespace {

std::string pair_of(std::string_view party, std::string_view user) {
  return std::string(party) + '\n' + std::string(user);
}

std::optional<std::chrono::seconds> longer(std::optional<std::chrono::seconds> a,
                                           std::optional<std::chrono::seconds> b) {
  return !a ? b : !b ? a : std::max(*a, *b);
}

}  // namespace

std::string party_of(std::string_view address) {
  ::in6_addr parsed{};
  std::string text(address);
  if (::inet_pton(AF_INET6, text.c_str(), &parsed) != 1 || IN6_IS_ADDR_V4MAPPED(&parsed)) {
    return text;
  }
  std::fill(std::begin(parsed.s6_addr) + 8, std::end(parsed.s6_addr), std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> written{};
  ::inet_ntop(AF_INET6, &parsed, written.data(), written.size());
  return written.data();
}

LoginThrottle::Failures LoginThrottle::find(const Counts& counts, const std::string& key,
                                            Time now) const {
  const auto found = counts.find(key);
  if (found == counts.end() || now - found->second.last > options_.forget) return {};
  return found->second;
}

/// Doubles with each failure beyond the free ones.
std::optional<std::chrono::seconds> LoginThrottle::wait(const Failures& failures, unsigned free,
                                                        Time now) const {
  if (failures.count < free) return std::nullopt;
  const unsigned doublings = std::min(failures.count - free, 10U);
  const auto pause = std::min(std::chrono::seconds{1U << doublings}, options_.longest);
  const Time until = failures.last + pause;
  if (now >= until) return std::nullopt;
  return std::min(std::chrono::ceil<std::chrono::seconds>(until - now), options_.longest);
}

std::optional<std::chrono::seconds> LoginThrottle::wait_of_pair(std::string_view address,
                                                                std::string_view user,
                                                                Time now) const {
  const std::string pair = pair_of(party_of(address), user);
  const auto state = state_.lock();
  return wait(find(state->pairs, pair, now), options_.free_for_pair, now);
}

std::optional<std::chrono::seconds> LoginThrottle::wait_of_stranger(std::string_view address,
                                                                    std::string_view user,
                                                                    Time now) const {
  const std::string party = party_of(address);
  const auto state = state_.lock();
  const Failures here = find(state->addresses, party, now);
  auto longest =
      longer(wait(find(state->pairs, pair_of(party, user), now), options_.free_for_pair, now),
             wait(here, options_.free_for_address, now));
  if (here.count > 0) {
    longest = longer(longest,
                     wait(find(state->users, std::string(user), now), options_.free_for_user, now));
  }
  return longest;
}

bool LoginThrottle::is_noisy(std::string_view address, Time now) const {
  constexpr unsigned kSlips = 3;
  const std::string party = party_of(address);
  const auto state = state_.lock();
  return find(state->addresses, party, now).count >= kSlips;
}

void LoginThrottle::failed(std::string_view address, std::string_view user, Time now) {
  const std::string party = party_of(address);
  const auto state = state_.lock();
  count(state->pairs, pair_of(party, user), now);
  count(state->addresses, party, now);
  count(state->users, std::string(user), now);
}

void LoginThrottle::succeeded(std::string_view address, std::string_view user) {
  const std::string pair = pair_of(party_of(address), user);
  state_.lock()->pairs.erase(pair);
}

void LoginThrottle::count(Counts& counts, const std::string& key, Time now) const {
  if (counts.size() >= options_.most) {
    std::erase_if(counts,
                  [&](const auto& entry) { return now - entry.second.last > options_.forget; });
    // Names that were tried once are what a flood is made of.
    if (counts.size() >= options_.most) {
      std::erase_if(counts, [](const auto& entry) { return entry.second.count <= 1; });
    }
    if (counts.size() >= options_.most) counts.clear();
  }
  const Failures before = find(counts, key, now);
  counts.insert_or_assign(key, Failures{before.count + 1, now});
}

}  // namespace shale::auth
