#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/decoys.h"
#include "auth/files.h"
#include "auth/guarded.h"
#include "auth/htpasswd.h"
#include "auth/secrets.h"

namespace shale::auth {

/// The users of an htpasswd file. `refresh` reads it again when it has changed; as
/// long as it cannot be read, every login fails as `SourceFailed`. Thread-safe.
class HtpasswdSource final : public Authenticator {
 public:
  /// Told of lines that cannot be used, and of a file that cannot be read.
  using Report = std::function<void(const std::string& what)>;

  HtpasswdSource(std::string path, Report report);

  /// One hash is computed whoever is asked for, so that the time tells no name.
  Outcome authenticate(const PasswordClaim& claim) override;
  LookUp identity_of(Identity::Kind kind, const std::string& name) const override;
  std::uint64_t generation() const override { return generation_.load(); }

  /// Looks at the file; cheap while it is the same. Not for an event loop.
  void refresh();
  struct Reloaded {
    bool usable = false;             ///< the users are those of the file
    std::vector<std::string> wrong;  ///< with the file; not reported
  };
  /// Reads the file, whether it has changed or not.
  Reloaded reload();

 private:
  struct Users {
    Htpasswd file;
    Decoys decoys;
  };
  struct State {
    FileStamp stamp;
    std::shared_ptr<const Users> users;  ///< null: the file cannot be read
    std::string fault;
  };

  std::vector<std::string> read(State& state);
  void replace(State& state, FileStamp stamp, std::shared_ptr<const Users> users,
               std::string fault);

  const std::string path_;
  const Report report_;
  const KeyedHash decoy_key_;
  Guarded<State> state_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace shale::auth
