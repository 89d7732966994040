#include "auth/remembered_logins.h"

#include <algorithm>
#include <utility>

namespace shale::auth {

IdentityPtr RememberedLogins::find(const PasswordClaim& claim, std::string_view address,
                                   std::uint64_t generation, Time now) const {
  const auto key = hash_.of({claim.user, claim.password, address});
  const auto entries = entries_.lock();
  const auto found = entries->find(key);
  if (found == entries->end()) return nullptr;
  const Entry& entry = found->second;
  return entry.generation == generation && now < entry.until ? entry.identity : nullptr;
}

void RememberedLogins::keep(const PasswordClaim& claim, std::string_view address,
                            std::uint64_t generation, Time now, IdentityPtr identity) {
  const auto key = hash_.of({claim.user, claim.password, address});
  const auto entries = entries_.lock();
  if (entries->size() >= options_.most) {
    std::erase_if(*entries, [&](const auto& entry) {
      return now >= entry.second.until || entry.second.generation != generation;
    });
    if (entries->size() >= options_.most) entries->clear();
  }
  const Time until = std::min(now + options_.life, identity->expires.value_or(Time::max()));
  entries->insert_or_assign(key, Entry{std::move(identity), generation, until});
}

}  // namespace shale::auth
