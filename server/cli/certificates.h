#pragma once

#include <vector>

#include "server/config/load.h"
#include "server/net/certificates.h"

namespace shale::cli {

/// The pairs of files that the configuration names.
std::vector<net::CertificateFiles> certificate_files(const config::Config& config);

/// What is wrong with those files, or will be, in the words of the configuration.
struct CertificateCheck {
  std::vector<config::Problem> faults;
  std::vector<config::Problem> warnings;
};

/// Reads the files as `shale serve` would.
CertificateCheck check_certificates(const config::Loaded& loaded);

}  // namespace shale::cli
