#pragma once

#include <chrono>
#include <span>
#include <string>

namespace shale::net {

/// A certificate and its private key, both as PEM.
struct PemPair {
  std::string certificate;
  std::string key;
};

struct Validity {
  std::chrono::system_clock::time_point from;
  std::chrono::system_clock::time_point until;
};

/// A certificate that vouches for itself, with a fresh key of ECDSA P-256, for `hosts`:
/// names, wildcards or IP addresses, at least one. Throws `std::runtime_error` when
/// OpenSSL refuses, for a host that is none of these, for instance.
PemPair make_self_signed(std::span<const std::string> hosts, const Validity& validity);

}  // namespace shale::net
