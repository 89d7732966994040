#pragma once

#include <memory>
#include <string_view>

#include "auth/access_policy.h"
#include "auth/identity.h"
#include "auth/permission.h"
#include "auth/token_service.h"

namespace shale::api {

/// Who makes a request, with what was in force when it came. Never changed.
struct Caller {
  auth::IdentityPtr identity;
  std::shared_ptr<const auth::AccessPolicy> policy;
  auth::VerifiedTokenPtr token;  ///< null: came with a password, or as nobody

  bool may(auth::Action action, std::string_view repository) const {
    return token_allows(action, repository) && policy->allows(*identity, repository, action);
  }
  /// Whether all of these repositories are theirs to administer.
  bool may_administer(const auth::RepositoryPattern& where) const;
  bool may_administer(const auth::Permissions& permissions) const;
  /// Whether the whole registry is.
  bool may_administer_all() const;
  bool token_allows(auth::Action action, std::string_view repository) const;
};

using CallerPtr = std::shared_ptr<const Caller>;

}  // namespace shale::api
