#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/net/certificates.h"

namespace shale::net {

/// Tells when certificates are about to expire, or have: once when less than 30 days are
/// left, once when 7, once when one, and once at the end. Not thread-safe.
class ExpiryWatch {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// What is news since the last time, one line `file: what` for each certificate. Cheap,
  /// and empty, within an hour of the last look at these certificates.
  std::vector<std::string> look(std::span<const CertificateExpiry> certificates, Time now);
  /// Whoever read these tells of those that have expired: they are no news.
  void were_read(std::span<const CertificateExpiry> certificates, Time now);

 private:
  /// How near the end is.
  enum class Stage : std::uint8_t { kFar, kMonth, kWeek, kDay, kOver };
  using Key = std::pair<std::string, Time>;

  static Stage stage_of(const CertificateExpiry& certificate, Time now);

  std::map<Key, Stage> told_;
  Time looked_;  ///< 1970: look at once
};

}  // namespace shale::net
