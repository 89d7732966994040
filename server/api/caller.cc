#include "server/api/caller.h"

#include <algorithm>

namespace shale::api {

bool Caller::token_allows(auth::Action action, std::string_view repository) const {
  if (!token) return true;
  std::string_view word;
  switch (action) {
    case auth::Action::kPull:
      word = "pull";
      break;
    case auth::Action::kPush:
    case auth::Action::kOverwrite:
      word = "push";
      break;
    case auth::Action::kDelete:
      word = "delete";
      break;
    case auth::Action::kAdmin:
      return false;
  }
  return auth::grants(token->access, "repository", repository, word);
}

bool Caller::may_administer(const auth::RepositoryPattern& where) const {
  return !token && policy->allows_throughout(*identity, where, auth::Action::kAdmin);
}

bool Caller::may_administer(const auth::Permissions& permissions) const {
  return std::ranges::all_of(permissions, [&](const auth::Permission& permission) {
    return std::ranges::all_of(permission.repositories, [&](const auth::RepositoryPattern& where) {
      return may_administer(where);
    });
  });
}

bool Caller::may_administer_all() const {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): a pattern it is
  static const auth::RepositoryPattern everything = *auth::RepositoryPattern::parse("**");
  return may_administer(everything);
}

}  // namespace shale::api
