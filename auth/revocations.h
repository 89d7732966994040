#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "auth/guarded.h"
#include "auth/identity.h"

namespace shale::auth {

/// Tokens that count no more although they have not expired: single ones by their id, and
/// all that somebody got before some moment. What was revoked is on disk when the function
/// returns, and goes when it would have expired anyway. Thread-safe.
class Revocations {
 public:
  struct Options {
    std::size_t most = 65536;        ///< entries in all
    std::size_t most_of_each = 256;  ///< single tokens of one bearer; then all before now go
    /// How long after it was issued any token may still be taken.
    std::chrono::seconds longest_token = std::chrono::hours{24 * 30} + std::chrono::seconds{30};
  };
  /// Why something could not be revoked.
  struct Failed {
    std::string why;
  };

  /// For as long as the process lives.
  Revocations() = default;
  /// What is in the file, which is made when the first is revoked. Or why not: without what
  /// it says, what was revoked would count again.
  static std::variant<std::unique_ptr<Revocations>, std::string> open(std::string path,
                                                                      Options options);

  /// One token, that nobody would take any more at `until`.
  std::optional<Failed> revoke(const Identity& bearer, const std::string& token, Time until,
                               Time now);
  /// All that were issued up to now.
  std::optional<Failed> revoke_all(const Identity& bearer, Time now);

  bool revoked(const Identity& bearer, const std::string& token, Time issued) const;
  /// The second up to which all of theirs are revoked; a token of a later one is not.
  std::optional<Time> all_before(const Identity& bearer) const;

  /// Grows with each revocation. Quick.
  std::uint64_t generation() const noexcept { return generation_.load(); }

 private:
  using Bearer = std::pair<Identity::Kind, std::string>;
  struct Before {
    Time second;  ///< issued then or earlier
    Time until;
  };
  struct Entries {
    std::optional<Before> before;
    std::map<std::string, Time> tokens;  ///< with the time until which each is needed
  };
  using Table = std::map<Bearer, Entries>;

  Revocations(std::string path, Options options) : path_(std::move(path)), options_(options) {}

  static std::optional<Table> parse(const std::string& text);
  static std::string format(const Table& table);
  static void forget_expired(Table& table, Time now);
  template <class Change>
  std::optional<Failed> change(Time now, Change apply);

  const std::string path_;  ///< empty: no file
  const Options options_;
  struct Turn {};
  Guarded<Turn> writer_;  ///< one at a time, and nobody who only asks waits for the disk
  Guarded<Table> table_;
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace shale::auth
