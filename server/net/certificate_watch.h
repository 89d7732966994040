#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/certificates.h"
#include "server/net/expiry_watch.h"

namespace shale::net {

/// Keeps the certificates in force, and follows their files. What cannot be used
/// changes nothing: the old certificates stay. Thread-safe.
class CertificateWatch {
 public:
  struct Report {
    std::function<void(std::string_view what, std::string_view cause)> warn;
    std::function<void(std::string_view what, std::string_view cause)> note;
  };

  using Now = std::function<std::chrono::system_clock::time_point()>;

  /// Reads `files` and warns of what is odd with them. Throws `std::runtime_error`
  /// that names every file that cannot be used.
  CertificateWatch(std::vector<CertificateFiles> files, Report report,
                   Now now = std::chrono::system_clock::now);

  /// What handshakes that begin now are to show.
  std::shared_ptr<const CertificateSet> current() const;

  /// Reads the files again when they differ from those in force, and have not changed
  /// since the last look: whoever replaces several has time to finish. What cannot be
  /// used is tried again at each look, and warned of once. Once an hour, warns of those in
  /// force that expire soon. May wait for the disk.
  void look();
  /// Reads the files again now. May wait for the disk. False when they cannot be used.
  bool reload();

 private:
  /// What a file looks like from outside, to see whether it was replaced or written.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  ///< of a missing file
    std::int64_t changed = 0;
    std::int64_t written = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::vector<Stamp>;

  static Stamp stamp_of(const std::string& path);
  Stamps stamps() const;
  /// `found` was seen before the files are read: a change meanwhile is seen by the next look.
  enum class Warn : std::uint8_t { kOfNews, kAlways };
  bool read(Stamps found, Warn warn);
  void warn_of_expiry();

  const std::vector<CertificateFiles> files_;
  const Report report_;
  const Now now_;

  std::mutex reading_;   ///< one reader at a time; guards what follows
  Stamps in_force_;      ///< of the files when those in force were read
  Stamps seen_;          ///< at the last look
  std::string trouble_;  ///< that was warned of last, and is not over
  ExpiryWatch expiry_;

  mutable std::mutex mutex_;
  std::shared_ptr<const CertificateSet> current_;
};

}  // namespace shale::net
