#pragma once

#include <memory>
#include <string_view>

#include "auth/access_policy.h"
#include "auth/identity.h"

namespace shale::api {

/// Who makes a request, with what was in force when it came. Never changed.
struct Caller {
  auth::IdentityPtr identity;
  std::shared_ptr<const auth::AccessPolicy> policy;

  bool may(auth::Action action, std::string_view repository) const {
    return policy->allows(*identity, repository, action);
  }
};

using CallerPtr = std::shared_ptr<const Caller>;

}  // namespace shale::api
