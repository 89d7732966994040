#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "auth/files.h"
#include "auth/htpasswd_source.h"
#include "auth/password_login.h"
#include "auth/token_service.h"
#include "blobstore/clock.h"
#include "blobstore/guarded.h"
#include "server/api/audit.h"
#include "server/api/guard.h"
#include "server/config/config.h"
#include "server/log/logger.h"

namespace shale::cli {

/// What came of reading files again.
struct Reread {
  std::vector<std::string> read;   ///< what is in force as it is in the files
  std::vector<std::string> wrong;  ///< with the files, and where
};

/// All of authentication that lives as long as the program serves, and the thread that
/// looks once a second whether users, policy or keys have changed. Borrows clock and logger.
class Gatehouse {
 public:
  /// Throws, with the words meant for whoever starts Shale, when the policy is wrong or
  /// the users or the keys of tokens cannot be read.
  /// `count_login` is told of each login that is verified.
  Gatehouse(
      const config::Config& config, const Clock& clock, log::Logger& logger,
      std::function<void(std::string_view source, std::string_view outcome)> count_login = {});

  /// Stores what is only in memory so far.
  ~Gatehouse();
  Gatehouse(const Gatehouse&) = delete;
  Gatehouse& operator=(const Gatehouse&) = delete;

  const api::Guard& guard() const noexcept { return guard_; }
  /// The lines of the audit log; null where there is none.
  log::Logger* audit_lines() const noexcept { return audit_lines_.get(); }

  /// Reads users and policy now, whether they have changed or not. Thread-safe.
  Reread reload();
  /// Takes over what is live of a configuration.
  void adjust(const config::Config& config);

 private:
  std::unique_ptr<auth::Authenticator> make_sources(const config::Config& config,
                                                    const Clock& clock);
  std::shared_ptr<const auth::AccessPolicy> first_policy();
  void refresh_policy();
  std::vector<std::string> read_policy(auth::FileStamp& stamp);
  void watch(const std::stop_token& stop);
  void store_last_used();

  const Clock& clock_;
  log::Logger& logger_;
  const std::string users_path_;
  const std::string policy_path_;
  Guarded<auth::FileStamp> policy_stamp_;     ///< locked while the file is read
  std::unique_ptr<log::Logger> audit_lines_;  ///< null where nothing is written down
  std::unique_ptr<api::Audit> audit_;         ///< likewise
  auth::RobotAccounts* robots_ = nullptr;     ///< one of the sources
  auth::HtpasswdSource* users_ = nullptr;     ///< another, if there is a file
  std::unique_ptr<auth::Authenticator> sources_;
  auth::PasswordLogin login_;
  auth::TokenService tokens_;
  api::Guard guard_;
  std::jthread watcher_;  ///< last, so that it ends before what it looks at
};

}  // namespace shale::cli
