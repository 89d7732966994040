#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "auth/password_login.h"
#include "blobstore/clock.h"
#include "blobstore/guarded.h"
#include "server/api/call.h"
#include "server/api/caller.h"
#include "server/api/routes.h"
#include "server/http/message.h"

namespace shale::api {

/// Answers the one question of every route: may this caller do that here? And the
/// one before it: who is it? Borrows the login and the clock. Thread-safe.
class Guard {
 public:
  struct Settings {
    std::string realm = "Shale";  ///< shown by clients that ask for a password
    http::TrustedProxies trusted_proxies;
  };

  Guard(auth::PasswordLogin& login, const Clock& clock, Settings settings,
        std::shared_ptr<const auth::AccessPolicy> policy)
      : login_(login), clock_(clock), settings_(std::move(settings)), policy_(std::move(policy)) {}

  /// For requests that come from now on.
  void replace_policy(std::shared_ptr<const auth::AccessPolicy> policy);

  /// Somebody's secret has to be verified, which takes long.
  struct Unverified {};
  using Recalled = std::variant<CallerPtr, Unverified, http::Response>;
  /// Quick: for the event loop.
  Recalled recall(const http::Request& request) const;

  using Verified = std::variant<CallerPtr, http::Response>;
  /// What `recall` left open. For the pool.
  Verified verify(const http::Request& request) const;

  /// The answer that refuses what the caller may not do; none when they may.
  std::optional<http::Response> refuse(const Caller& caller, Need need, const Target& target) const;

 private:
  CallerPtr caller(auth::IdentityPtr identity) const;
  http::Response challenge(std::string why) const;
  std::string address_of(const http::Request& request) const;

  auth::PasswordLogin& login_;
  const Clock& clock_;
  const Settings settings_;
  Guarded<std::shared_ptr<const auth::AccessPolicy>> policy_;
};

}  // namespace shale::api
