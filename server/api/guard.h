#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/password_login.h"
#include "auth/robot_accounts.h"
#include "auth/token_gate.h"
#include "auth/token_service.h"
#include "blobstore/clock.h"
#include "blobstore/current.h"
#include "blobstore/guarded.h"
#include "server/api/audit.h"
#include "server/api/call.h"
#include "server/api/caller.h"
#include "server/api/front.h"
#include "server/api/routes.h"
#include "server/http/message.h"

namespace shale::api {

/// Answers the one question of every route: may this caller do that here? And the
/// one before it: who is it? Borrows login, tokens, robots and clock. Thread-safe.
class Guard {
 public:
  /// How clients are asked to log in. Both ways are always taken.
  enum class Challenge : std::uint8_t {
    kAuto,    ///< `kBearer` while some things can be pulled without a login, else `kBasic`
    kBasic,   ///< with a password each time
    kBearer,  ///< with a token, which those who did not log in can get as well
  };
  struct Settings {
    std::string realm = "Shale";  ///< shown by clients that ask for a password
    Challenge challenge = Challenge::kAuto;
    const Audit* audit = nullptr;  ///< borrowed; null: nothing is written down
    /// Told of each login that was verified or slowed down: what it came with, and what came of it.
    // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
    std::function<void(std::string_view source, std::string_view outcome)> count_login = {};

    /// Where else tokens come from. Every challenge points there.
    struct External {
      std::string realm;
      std::string service;
      /// For the bearers of its tokens; null: the same as for all.
      std::shared_ptr<const auth::AccessPolicy> policy;
    };
    std::optional<External> external = std::nullopt;
    /// Whether tokens are issued here, beside those from elsewhere or not.
    bool issues_tokens = true;
  };

  Guard(auth::PasswordLogin& login, auth::TokenService& tokens, auth::RobotAccounts& robots,
        const Clock& clock, Settings settings, std::shared_ptr<const auth::AccessPolicy> policy)
      : login_(login),
        tokens_(tokens),
        robots_(robots),
        clock_(clock),
        settings_(std::move(settings)),
        policy_(std::move(policy)) {}

  /// For requests that come from now on.
  void replace_policy(std::shared_ptr<const auth::AccessPolicy> policy);

  /// Who may read the metrics.
  struct MetricsReaders {
    enum class Who : std::uint8_t {
      kAdmins,    ///< who administers the whole registry, and those who are named
      kLoggedIn,  ///< whoever is somebody
      kEverybody,
    };
    Who who = Who::kAdmins;
    // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
    std::vector<std::string> named = {};  ///< users, and robots as `robot:name`
  };
  /// Likewise.
  void replace_metrics_readers(MetricsReaders readers);
  /// Likewise; before that nobody is in front.
  void replace_front(Front front);

  /// Somebody's secret has to be verified, which takes long.
  struct Unverified {
    auth::TokenGate::Pass pass;  ///< to be kept until it is
  };
  using Recalled = std::variant<CallerPtr, Unverified, http::Response>;
  /// Quick: for the event loop.
  Recalled recall(const http::Request& request) const;

  using Verified = std::variant<CallerPtr, http::Response>;
  /// What `recall` left open. For the pool.
  Verified verify(const http::Request& request) const;

  /// The answer that refuses what the caller may not do; none when they may.
  std::optional<http::Response> refuse(const Caller& caller, Need need,
                                       const http::Request& request, const Target& target,
                                       const http::Query& query) const;

  /// Logs in with what came in a form. For the pool.
  Verified log_in(const auth::PasswordClaim& claim, const http::Request& request) const;
  /// The caller whose refresh token this is. For the pool.
  Verified log_in_again(std::string_view refresh_token, const http::Request& request) const;
  auth::IssuedToken issue(const Caller& caller, const http::Request& request,
                          const std::vector<auth::Grant>& asked,
                          auth::TokenService::Refresh refresh) const;
  /// Ends the token in `text`, if it is one of ours. For the pool.
  std::optional<auth::Revocations::Failed> revoke(std::string_view token,
                                                  const http::Request& request) const;
  /// Ends all tokens that somebody has. For the pool.
  std::optional<auth::Revocations::Failed> revoke_all(const Caller& caller,
                                                      const auth::Identity& bearer,
                                                      const http::Request& request) const;
  const auth::TokenService& tokens() const noexcept { return tokens_; }
  bool issues_tokens() const noexcept { return settings_.issues_tokens; }
  auth::RobotAccounts& robots() const noexcept { return robots_; }
  auth::Time now() const { return clock_.now(); }
  /// Writes down that a push was refused because it would have moved a tag.
  void note_overwrite_refused(const Caller& caller, const http::Request& request,
                              std::string_view repository) const;
  /// Writes down what an administrator did, and to what.
  void note_change(const Caller& caller, const http::Request& request, std::string_view what,
                   std::string_view target, std::string_view detail = {}) const;

 private:
  // The answers to a login that came to nothing, which they count. `source` is what it came with.
  http::Response bad_token(std::string_view source, auth::TokenFault fault,
                           const http::Request& request) const;
  http::Response slowed_down(std::string_view source, const auth::TooMany& refused) const;
  http::Response source_failed(std::string_view source, const auth::SourceFailed& failed,
                               const http::Request& request) const;
  void count_login(std::string_view source, std::string_view outcome) const;
  void note_login(const http::Request& request, const auth::Identity* who,
                  std::string_view outcome) const;
  CallerPtr caller(auth::IdentityPtr identity) const;
  CallerPtr bearer(auth::VerifiedTokenPtr token) const;
  Verified verify_token(const std::string& token, const http::Request& request) const;
  /// Writes down that the policy closes the source of a mount. The client is not told: an
  /// upload begins, as if there were no such source.
  void note_closed_source(const Caller& caller, const http::Request& request, const Target& target,
                          const http::Query& query) const;
  std::optional<http::Response> refuse_catalog(const Caller& caller,
                                               const http::Request& request) const;
  std::optional<http::Response> refuse_admin(const Caller& caller,
                                             const http::Request& request) const;
  std::optional<http::Response> refuse_metrics(const Caller& caller,
                                               const http::Request& request) const;
  bool asks_for_tokens() const;
  /// The 401. `fault` tells what is wrong with a token, `scope` what it would need.
  http::Response challenge(const http::Request& request, std::string why,
                           const std::string& scope = {}, std::string_view fault = {}) const;
  /// The 401 for a token that grants too little.
  http::Response ask_for_scope(const Caller& caller, const http::Request& request, std::string why,
                               const std::string& scope) const;
  http::Response ask_for_password(std::string why) const;
  std::string address_of(const http::Request& request) const;

  auth::PasswordLogin& login_;
  auth::TokenService& tokens_;
  auth::RobotAccounts& robots_;
  const Clock& clock_;
  const Settings settings_;
  Guarded<std::shared_ptr<const auth::AccessPolicy>> policy_;
  Guarded<MetricsReaders> metrics_readers_;
  Current<Front> front_{{}};
  mutable auth::TokenGate bad_tokens_;
};

}  // namespace shale::api
