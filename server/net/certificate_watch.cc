#include "server/net/certificate_watch.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <sys/stat.h>

namespace shale::net {
namespace {

using Weight = CertificateFinding::Weight;

std::int64_t nanoseconds(const ::timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string faults_in(const std::vector<CertificateFinding>& findings) {
  std::string text;
  for (const CertificateFinding& finding : findings) {
    if (finding.weight != Weight::kFault) continue;
    text += (text.empty() ? "" : "; ") + finding.str();
  }
  return text;
}

}  // namespace

CertificateWatch::CertificateWatch(std::vector<CertificateFiles> files, Report report, Now now)
    : files_(std::move(files)),
      report_(std::move(report)),
      now_(std::move(now)),
      in_force_(stamps()),
      seen_(in_force_) {
  const auto at = now_();
  CertificateReading reading = read_certificates(files_, at);
  if (!reading.set) throw std::runtime_error("TLS: " + faults_in(reading.findings));
  for (const CertificateFinding& finding : reading.findings)
    report_.warn("a certificate needs attention", finding.str());
  expiry_.were_read(reading.set->expiries(), at);
  current_ = std::move(reading.set);
}

std::shared_ptr<const CertificateSet> CertificateWatch::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

void CertificateWatch::look() {
  const std::scoped_lock lock(reading_);
  Stamps found = stamps();
  const bool settled = found == seen_;
  seen_ = found;
  if (found == in_force_) {
    trouble_.clear();
  } else if (settled) {
    read(std::move(found), Warn::kOfNews);
  }
  warn_of_expiry();
}

void CertificateWatch::warn_of_expiry() {
  for (const std::string& news : expiry_.look(current()->expiries(), now_()))
    report_.warn("a certificate needs attention", news);
}

bool CertificateWatch::reload() {
  const std::scoped_lock lock(reading_);
  return read(stamps(), Warn::kAlways);
}

bool CertificateWatch::read(Stamps found, Warn warn) {
  const auto at = now_();
  CertificateReading reading = read_certificates(files_, at);
  if (!reading.set) {
    std::string trouble = faults_in(reading.findings);
    if (warn == Warn::kAlways || trouble != trouble_) {
      report_.warn("the certificates could not be read again, so the old ones stay in force",
                   trouble);
    }
    trouble_ = std::move(trouble);
    return false;
  }
  in_force_ = std::move(found);
  trouble_.clear();
  for (const CertificateFinding& finding : reading.findings)
    report_.warn("a certificate needs attention", finding.str());
  expiry_.were_read(reading.set->expiries(), at);
  {
    const std::scoped_lock lock(mutex_);
    current_ = std::move(reading.set);
  }
  report_.note("the certificates were read again", "new connections get them");
  return true;
}

CertificateWatch::Stamp CertificateWatch::stamp_of(const std::string& path) {
  struct ::stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .changed = nanoseconds(status.st_ctim),
          .written = nanoseconds(status.st_mtim)};
}

CertificateWatch::Stamps CertificateWatch::stamps() const {
  Stamps found;
  for (const CertificateFiles& files : files_) {
    found.push_back(stamp_of(files.certificate));
    if (!files.key.empty()) found.push_back(stamp_of(files.key));
  }
  return found;
}

}  // namespace shale::net
