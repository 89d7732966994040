#include "server/http/ip_network.h"

#include <algorithm>
#include <cstddef>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

constexpr unsigned kMappedBits = 96;
constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  // `inet_pton` stops at a NUL, which would hide what follows it.
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  std::ranges::copy(kMapped, address.bytes_.begin());
  if (inet_pton(AF_INET, terminated.c_str(), &address.bytes_[kMapped.size()]) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

std::string IpAddress::str() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written = is_v4()
                            ? inet_ntop(AF_INET, &bytes_[kMapped.size()], text.data(), text.size())
                            : inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  return written != nullptr ? written : std::string();
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  IpNetwork network;
  network.base_ = *base;
  if (slash == std::string_view::npos) return network;

  // `::ffff:10.0.0.0/104` counts all 128 bits, `10.0.0.0/8` only its own 32.
  const bool dotted = text.find(':') == std::string_view::npos;
  const auto bits = parse_decimal(text.substr(slash + 1));
  if (!bits || *bits > (dotted ? 32U : 128U)) return std::nullopt;
  network.prefix_ = static_cast<unsigned>(*bits) + (dotted ? kMappedBits : 0U);
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (address.is_v4() && prefix_ < kMappedBits) return false;
  const std::size_t whole = prefix_ / 8;
  const auto& ours = base_.bytes();
  const auto& theirs = address.bytes();
  if (!std::equal(ours.begin(), ours.begin() + whole, theirs.begin())) return false;
  if (prefix_ % 8 == 0) return true;
  const unsigned ignored = 8 - prefix_ % 8;
  return ours[whole] >> ignored == theirs[whole] >> ignored;
}

}  // namespace shale::http
