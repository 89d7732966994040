#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "blobstore/guarded.h"

namespace shale::api {

/// Tells which lines about those who proved nothing are written, and counts the others, so
/// that nobody without a login can drive older lines out of a log that rotates. Each party
/// (`auth::party_of`) has so many lines in a window, and all together have so many.
/// Bounded. Thread-safe and quick; when a window ends is up to the caller.
class UnprovedLines {
 public:
  struct Options {
    std::size_t of_one = 20;
    std::size_t of_all = 600;
    std::size_t parties = 1024;  ///< that are counted apart; what further ones do is counted as one
  };
  enum class About : std::uint8_t { kLogin, kToken, kAccess };
  static constexpr std::size_t kAbouts = 3;

  /// Lines that were not written.
  struct Suppressed {
    std::string party;  ///< empty: those beyond `Options::parties`
    About about;
    std::size_t count;
  };

  UnprovedLines() : UnprovedLines(Options{}) {}
  explicit UnprovedLines(Options options) : options_(options) {}

  /// Whether this line is to be written.
  bool take(std::string_view party, About about);
  /// Begins a window: what was suppressed in the last one.
  std::vector<Suppressed> begin_window();

 private:
  struct Party {
    std::size_t written = 0;
    std::array<std::size_t, kAbouts> suppressed{};
  };
  struct Window {
    std::size_t written = 0;
    std::unordered_map<std::string, Party> parties;
  };

  const Options options_;
  Guarded<Window> window_;
};

}  // namespace shale::api
