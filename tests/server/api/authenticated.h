#pragma once

#include <atomic>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/password_login.h"
#include "blobstore/guarded.h"
#include "server/api/guard.h"
#include "tests/server/api/client.h"
#include "tests/support/fake_clock.h"

namespace shale::testing {

/// Knows a few names, each with the password `<name>-secret`, and counts how often it
/// is asked. `ci` is a robot; there may be others.
class FewUsers final : public auth::Authenticator {
 public:
  auth::Outcome authenticate(const auth::PasswordClaim& claim) override;
  auth::LookUp identity_of(auth::Identity::Kind kind, const std::string& name) const override;
  std::uint64_t generation() const override {
    return version + (robots != nullptr ? robots->generation() : 0);
  }

  std::atomic<int> asked = 0;
  std::atomic<bool> broken = false;
  std::atomic<std::uint64_t> version = 1;  ///< a stamp of all passwords, too
  auth::RobotAccounts* robots = nullptr;
};

/// One line of a policy: who, where, what; several of each with blanks between them.
struct Allow {
  std::string_view subjects;
  std::string_view repositories;
  std::string_view actions;
};

/// What a registry with authentication needs besides.
struct Gatekeeping {
  explicit Gatekeeping(std::initializer_list<Allow> rules,
                       api::Guard::Challenge challenge = api::Guard::Challenge::kBasic,
                       const api::Audit* audit = nullptr);
  /// With an external token service: without rules, its tokens alone decide.
  Gatekeeping(std::optional<std::initializer_list<Allow>> rules,
              std::unique_ptr<auth::ExternalTokens> external, bool issues_tokens);

  Setup setup() const { return {.registry = {}, .settings = {}, .guard = &guard}; }

  /// How often each login was counted, as `source outcome`.
  std::map<std::string, int> logins() const { return *counted_.lock(); }

  FakeClock clock;
  FewUsers users;
  std::unique_ptr<auth::RobotAccounts> robots;
  auth::PasswordLogin login{users};
  auth::TokenService tokens;
  api::Guard guard;

 private:
  Guarded<std::map<std::string, int>> counted_;
};

/// The rules that most cases use: alice may do everything in team-a, bob pulls there,
/// carol may nothing, everybody pulls from public.
std::initializer_list<Allow> team_rules();

/// The request with this name and the right password.
std::string as(std::string_view user, std::string_view request);
/// The request with this Authorization field.
std::string authorized(std::string_view value, std::string_view request);
std::string basic(std::string_view user, std::string_view password);

/// Pushes as alice. Both end the test when it fails.
Digest push_blob_as(Client& api, std::string_view user, std::string_view repository,
                    std::string_view content);
Digest push_image_as(Client& api, std::string_view user, std::string_view repository,
                     std::string_view tag, std::string_view seed);

}  // namespace shale::testing
