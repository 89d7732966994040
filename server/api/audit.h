#pragma once

#include <string_view>
#include <utility>

#include "auth/access_policy.h"
#include "auth/identity.h"
#include "server/http/forwarded.h"
#include "server/http/message.h"
#include "server/log/logger.h"

namespace shale::api {

/// Writes down who was let in or turned away, and by which rule. Never a secret, and
/// never a name that nobody has proved: people type passwords into the wrong field.
/// Borrows the logger. Thread-safe.
class Audit {
 public:
  Audit(log::Logger& lines, http::TrustedProxies trusted)
      : lines_(lines), trusted_(std::move(trusted)) {}

  /// `who` is null where nobody proved anything.
  void login(const http::Request& request, const auth::Identity* who,
             std::string_view outcome) const;
  void token(const http::Request& request, const auth::Identity& who, std::string_view scope) const;
  void decision(const http::Request& request, const auth::Identity& who, auth::Action action,
                std::string_view repository, const auth::Decision& decision) const;

  /// What an administrator did.
  void change(const http::Request& request, const auth::Identity& who, std::string_view what,
              std::string_view target) const;

 private:
  log::Logger& lines_;
  const http::TrustedProxies trusted_;
};

}  // namespace shale::api
