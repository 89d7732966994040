#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shale::http {

/// An IPv4 or IPv6 address. An IPv4 address and its v4-mapped form
/// (`::ffff:192.0.2.1`, which a dual-stack socket shows) are the same.
class IpAddress {
 public:
  /// Textual form, without brackets or port. A zone (`%eth0`) is no part of it.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const noexcept;
  std::string str() const;
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};  ///< IPv4 as v4-mapped
};

/// The addresses that share a prefix: `10.0.0.0/8`, `2001:db8::/32`, or one alone.
class IpNetwork {
 public:
  /// CIDR notation, or an address for itself alone. Bits behind the prefix count
  /// for nothing. None when malformed.
  static std::optional<IpNetwork> parse(std::string_view text);

  /// An IPv6 network never contains an IPv4 address, not even `::/0`.
  bool contains(const IpAddress& address) const noexcept;

 private:
  IpAddress base_;
  unsigned prefix_ = 128;  ///< bits of the 128
};

}  // namespace shale::http
