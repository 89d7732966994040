#include "server/net/certificates.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/net/certificate_pair.h"

namespace shale::net {
namespace {

using Pair = CertificateSet::Pair;

bool has(const Pair& pair, std::string_view name) {
  return std::ranges::find(pair.names, name) != pair.names.end();
}

}  // namespace

CertificateSet::CertificateSet(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {}

CertificateSet::~CertificateSet() = default;

const CertificateSet::Pair& CertificateSet::choose(std::string_view server_name) const {
  const std::string name = canonical_name(server_name);
  const auto having = [&](std::string_view wanted) {
    return std::ranges::find_if(pairs_, [&](const Pair& pair) { return has(pair, wanted); });
  };
  if (const auto exact = having(name); exact != pairs_.end()) return *exact;
  // A wildcard stands for one label (RFC 6125, section 6.4.3).
  if (const auto dot = name.find('.'); dot != std::string::npos) {
    if (const auto wild = having("*" + name.substr(dot)); wild != pairs_.end()) return *wild;
  }
  return pairs_.front();
}

bool CertificateSet::show(ssl_st& handshake, std::string_view server_name) const {
  const Pair& pair = choose(server_name);
  return SSL_use_cert_and_key(&handshake, pair.certificate.get(), pair.key.get(), pair.chain.get(),
                              1) == 1;
}

std::vector<CertificateExpiry> CertificateSet::expiries() const {
  std::vector<CertificateExpiry> all;
  all.reserve(pairs_.size());
  for (const Pair& pair : pairs_)
    all.push_back(pair.expiry);
  return all;
}

CertificateReading read_certificates(std::span<const CertificateFiles> files,
                                     std::chrono::system_clock::time_point now) {
  CertificateReading reading;
  std::vector<Pair> pairs;
  for (const CertificateFiles& named : files) {
    auto pair = PairReader(named, reading.findings).read(std::chrono::system_clock::to_time_t(now));
    if (pair) pairs.push_back(*std::move(pair));
  }
  if (!pairs.empty() && pairs.size() == files.size()) {
    reading.set = std::make_shared<const CertificateSet>(std::move(pairs));
  }
  return reading;
}

}  // namespace shale::net
