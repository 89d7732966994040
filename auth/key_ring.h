#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/guarded.h"
#include "auth/identity.h"
#include "auth/signing_key.h"

namespace shale::auth {

using SigningKeyPtr = std::shared_ptr<const SigningKey>;

/// The keys of tokens: one signs, and those before it verify until all that they can have
/// signed has expired. Each lies in a file of its own, whose name tells when it was made,
/// so a crash between any two steps leaves a ring. Thread-safe.
class KeyRing {
 public:
  struct Options {
    std::chrono::seconds key_life = std::chrono::hours{24 * 30};
    /// How long a key is published before it signs, for those who keep the published ones.
    std::chrono::seconds lead = std::chrono::minutes{10};
    /// The longest life of a token, with the skew of clocks.
    std::chrono::seconds longest_token = std::chrono::hours{24 * 30} + std::chrono::seconds{30};
  };
  /// Told of files that are no keys, and of what cannot be written.
  using Report = std::function<void(const std::string& what)>;

  /// Just this key, for as long as the process lives.
  explicit KeyRing(SigningKey key);
  /// The keys in `token-keys` below `directory`, made there when there is none; a key of
  /// an earlier version, `token-key.pem`, is taken over. Or why not, when no key can be used.
  static std::variant<std::shared_ptr<KeyRing>, std::string> open(const std::string& directory,
                                                                  Options options, Report report,
                                                                  Time now);

  SigningKeyPtr signing(Time now) const;
  /// Null when there is none of that id.
  SigningKeyPtr find(std::string_view id) const;
  /// All that verify, as JSON (RFC 7517).
  std::string jwks() const;

  /// Makes a key when the newest is old, and removes those whose tokens have all expired.
  /// Cheap while there is nothing to do; otherwise it waits for the disk.
  void refresh(Time now);

 private:
  struct Member {
    SigningKeyPtr key;
    Time made;
    std::string path;
  };
  struct State {
    std::vector<Member> members;  ///< in the order in which they were made, never none
    std::string fault;            ///< of the last `refresh`, reported when it began
  };

  KeyRing(std::string directory, Options options, Report report)
      : directory_(std::move(directory)), options_(options), report_(std::move(report)) {}

  std::vector<std::string> load(State& state) const;
  std::string take_over(const std::string& path, Time now) const;
  bool is_due(const State& state, Time now) const;
  std::string add(State& state, Time now) const;
  std::string remove_expired(State& state, Time now) const;
  std::string path_for(const SigningKey& key, Time made) const;

  const std::string directory_;  ///< empty: nothing is kept
  const Options options_;
  const Report report_;
  Guarded<State> state_;
};

}  // namespace shale::auth
