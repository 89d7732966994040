#pragma once

#include <string_view>

#include "auth/access_policy.h"
#include "auth/identity.h"
#include "blobstore/clock.h"
#include "blobstore/current.h"
#include "blobstore/guarded.h"
#include "server/api/unproved_lines.h"
#include "server/http/forwarded.h"
#include "server/http/message.h"
#include "server/log/logger.h"

namespace shale::api {

/// Writes down who was let in or turned away, and by which rule. Never a secret, and
/// never a name that nobody has proved: people type passwords into the wrong field.
/// Refusals and tokens of those who proved nothing are bounded by `UnprovedLines`: what is
/// more is counted, and written as one line a minute. Borrows logger and clock. Thread-safe.
class Audit {
 public:
  /// Nobody is trusted at first.
  Audit(log::Logger& lines, const Clock& clock);
  /// Writes what was counted.
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  /// `who` is null where nobody proved anything.
  void login(const http::Request& request, const auth::Identity* who,
             std::string_view outcome) const;
  void token(const http::Request& request, const auth::Identity& who, std::string_view scope) const;
  void decision(const http::Request& request, const auth::Identity& who, auth::Action action,
                std::string_view repository, const auth::Decision& decision) const;

  /// What an administrator did to what, and whatever else is worth knowing of it.
  void change(const http::Request& request, const auth::Identity& who, std::string_view what,
              std::string_view target, std::string_view detail) const;

  /// To be called every few seconds: writes what was counted once a minute is over.
  void settle() const;

  /// Whose word about clients is taken from now on.
  void replace_trusted_proxies(http::TrustedProxies trusted);

 private:
  http::ClientView view_of(const http::Request& request) const;
  bool takes(const http::ClientView& client, UnprovedLines::About about) const;
  void write_counted() const;

  log::Logger& lines_;
  Current<http::TrustedProxies> trusted_{{}};
  const Clock& clock_;
  mutable UnprovedLines unproved_;
  mutable Guarded<auth::Time> window_began_;
};

}  // namespace shale::api
