#include "server/cli/certificates.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace shale::cli {

std::vector<net::CertificateFiles> certificate_files(const config::Config& config) {
  std::vector<net::CertificateFiles> files;
  files.reserve(config.tls.certificates.size());
  const auto& keys = config.tls.keys;
  for (std::size_t i = 0; i < config.tls.certificates.size(); ++i) {
    files.push_back(
        {.certificate = config.tls.certificates[i], .key = i < keys.size() ? keys[i] : ""});
  }
  return files;
}

CertificateCheck check_certificates(const config::Loaded& loaded) {
  CertificateCheck check;
  const auto files = certificate_files(loaded.config);
  for (const net::CertificateFinding& finding :
       net::read_certificates(files, std::chrono::system_clock::now()).findings) {
    const bool about_key =
        finding.about == net::CertificateFinding::About::kKey && !loaded.config.tls.keys.empty();
    const std::string key = about_key ? "tls.keys" : "tls.certificates";
    const auto origin = loaded.origins.find(key);
    const std::string where = origin == loaded.origins.end() ? "default" : origin->second;
    if (finding.weight == net::CertificateFinding::Weight::kFault) {
      check.faults.push_back({where, key, finding.str()});
    } else {
      check.warnings.push_back({where, key, "warning: " + finding.str()});
    }
  }
  return check;
}

}  // namespace shale::cli
