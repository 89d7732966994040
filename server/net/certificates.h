#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;  // OpenSSL's SSL

namespace shale::net {

/// A certificate and its private key, as an operator names them.
struct CertificateFiles {
  std::string certificate;  ///< PEM: the certificate, then those of its issuers
  std::string key;          ///< PEM, without a passphrase; empty: in the certificate's file
};

/// What an operator should know of one of the files.
struct CertificateFinding {
  enum class About : std::uint8_t { kCertificate, kKey };
  enum class Weight : std::uint8_t {
    kFault,    ///< it cannot be used
    kWarning,  ///< it can, but clients or the operator will not like it
  };
  About about = About::kCertificate;
  Weight weight = Weight::kFault;
  std::string file;
  std::string what;  ///< what is wrong and what to do

  /// `file: what`
  std::string str() const { return file + ": " + what; }
};

/// Until when the certificate in a file is valid.
struct CertificateExpiry {
  std::string file;
  std::chrono::system_clock::time_point until;
};

/// Certificates with their keys, ready to be shown to clients. Never changes, so it
/// is thread-safe.
class CertificateSet {
 public:
  struct Pair;  ///< one certificate; private to the implementation

  /// `pairs` is not empty.
  explicit CertificateSet(std::vector<Pair> pairs);
  ~CertificateSet();
  CertificateSet(const CertificateSet&) = delete;
  CertificateSet& operator=(const CertificateSet&) = delete;

  /// Gives a handshake the certificate for the name that the client asked for: the
  /// first that has it, else the first with a wildcard for it, else the first of
  /// all. An empty name is none. False when OpenSSL would not take it.
  bool show(ssl_st& handshake, std::string_view server_name) const;

  std::vector<CertificateExpiry> expiries() const;

 private:
  const Pair& choose(std::string_view server_name) const;

  const std::vector<Pair> pairs_;
};

/// What came of reading the files. With a fault there is no set.
struct CertificateReading {
  std::shared_ptr<const CertificateSet> set;
  std::vector<CertificateFinding> findings;
};

/// Reads all of `files`, which may wait for the disk, and looks for every mistake
/// in them. `now` is what validity is judged by.
CertificateReading read_certificates(std::span<const CertificateFiles> files,
                                     std::chrono::system_clock::time_point now);

}  // namespace shale::net
