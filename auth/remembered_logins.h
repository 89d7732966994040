#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "auth/authenticator.h"
#include "auth/guarded.h"
#include "auth/secrets.h"

namespace shale::auth {

/// Passwords that were verified a moment ago, each as a keyed hash, so that a pull
/// of forty layers costs one slow hash. An entry holds for one address only: others
/// cannot try passwords against it. Bounded. Thread-safe and quick.
class RememberedLogins {
 public:
  struct Options {
    std::chrono::milliseconds life = std::chrono::minutes{1};
    std::size_t most = 4096;
  };

  RememberedLogins() : RememberedLogins(Options{}) {}
  explicit RememberedLogins(Options options) : options_(options) {}

  /// Null when it has to be verified. `generation` is that of the source: what was
  /// verified in an earlier one counts no more.
  IdentityPtr find(const PasswordClaim& claim, std::string_view address, std::uint64_t generation,
                   Time now) const;
  void keep(const PasswordClaim& claim, std::string_view address, std::uint64_t generation,
            Time now, IdentityPtr identity);

 private:
  struct Entry {
    IdentityPtr identity;
    std::uint64_t generation = 0;
    Time until;
  };
  /// The key is a hash already: any part of it will do.
  struct FirstBytes {
    std::size_t operator()(const KeyedHash::Value& value) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, value.data(), sizeof(hash));
      return hash;
    }
  };
  using Entries = std::unordered_map<KeyedHash::Value, Entry, FirstBytes>;

  const Options options_;
  const KeyedHash hash_;
  Guarded<Entries> entries_;
};

}  // namespace shale::auth
