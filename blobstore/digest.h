#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "blobstore/result.h"

namespace shale {

/// The values are written to disk: never renumber.
enum class Algorithm : std::uint8_t { kSha256 = 1, kSha512 = 2 };

std::string_view algorithm_name(Algorithm algorithm) noexcept;
std::optional<Algorithm> algorithm_from_name(std::string_view name) noexcept;
/// Bytes in a digest of `algorithm`: 32 or 64.
std::size_t digest_size(Algorithm algorithm) noexcept;

/// The name of some bytes: `sha256:<64 hex>` or `sha512:<128 hex>`. An instance
/// always holds a valid one. Compares by algorithm, then by bytes; a value type.
class Digest {
 public:
  /// `kDigestInvalid` when `text` is no digest at all (OCI image-spec, descriptor.md,
  /// "Digests"), `kDigestUnsupported` when its algorithm is not kept here.
  static Result<Digest> parse(std::string_view text);

  /// The digest with these raw bytes; none when there are not `digest_size` of them.
  static std::optional<Digest> from_raw(Algorithm algorithm, std::span<const std::byte> raw);

  static Digest of(Algorithm algorithm, std::span<const std::byte> content);

  Algorithm algorithm() const noexcept { return algorithm_; }
  std::span<const std::byte> raw() const noexcept {
    return std::span(raw_).first(digest_size(algorithm_));
  }
  std::string hex() const;
  /// `algorithm:hex`
  std::string str() const;

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  Digest(Algorithm algorithm, std::span<const std::byte> raw);

  Algorithm algorithm_;
  std::array<std::byte, 64> raw_{};  // unused bytes stay zero, so that comparison may see them
};

/// Hashes bytes as they come. Copyable only through `finish`, which leaves the
/// running state as it was. Not thread-safe.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  Algorithm algorithm() const noexcept { return algorithm_; }
  void update(std::span<const std::byte> bytes);
  /// The digest of everything so far; more may follow.
  Digest finish() const;

 private:
  struct State;
  Algorithm algorithm_;
  std::unique_ptr<State> state_;
};

}  // namespace shale
