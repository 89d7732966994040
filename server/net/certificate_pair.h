#pragma once

// One certificate with its key, and how it is read. For .cc files of this room.

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/certificates.h"
#include "server/net/openssl.h"

namespace shale::net {

struct StackFree {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};

struct CertificateSet::Pair {
  X509Owner certificate;
  std::unique_ptr<STACK_OF(X509), StackFree> chain{sk_X509_new_null()};
  KeyOwner key;
  CertificateExpiry expiry;
  std::vector<std::string> names;  ///< as `canonical_name` writes them; a wildcard begins with "*."
};

/// As names are compared: in lower case, and without a dot at the end.
std::string canonical_name(std::string_view name);

/// Reads one pair and notes what is wrong with it.
class PairReader {
 public:
  /// Both must outlive this.
  PairReader(const CertificateFiles& files, std::vector<CertificateFinding>& findings)
      : files_(files), findings_(findings) {}

  /// None when there is a fault.
  std::optional<CertificateSet::Pair> read(std::time_t now);

 private:
  using About = CertificateFinding::About;
  using Weight = CertificateFinding::Weight;

  void note(About about, Weight weight, std::string what);
  bool fault(About about, std::string what);
  const std::string& file_of(About about) const;

  std::optional<std::string> contents(About about, const std::string& path);
  bool read_chain(const std::string& text, CertificateSet::Pair& pair);
  bool read_key(const std::string& text, CertificateSet::Pair& pair);
  bool usable(const CertificateSet::Pair& pair);
  void judge_validity(const X509& certificate, std::time_t now);

  const CertificateFiles& files_;
  std::vector<CertificateFinding>& findings_;
};

}  // namespace shale::net
