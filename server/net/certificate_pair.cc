#include "server/net/certificate_pair.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "server/net/unique_fd.h"

namespace shale::net {
namespace {

using Pair = CertificateSet::Pair;

/// More than any chain of certificates has.
constexpr std::size_t kLargestFile = std::size_t{1} << 20;

/// A private key that asks for a passphrase must not have OpenSSL ask the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) {
  return -1;
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> names;
  auto* found = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(
        canonical_name({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  GENERAL_NAMES_free(found);
  return names;
}

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

/// What cannot be read, or is later than this clock can tell, as the last moment of RFC 5280
/// (4.1.2.5) is, counts as never.
std::chrono::system_clock::time_point time_of(const ASN1_TIME* time) {
  using std::chrono::system_clock;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return system_clock::time_point::max();
  const std::time_t seconds = ::timegm(&parts);
  if (seconds >= system_clock::to_time_t(system_clock::time_point::max())) {
    return system_clock::time_point::max();
  }
  return system_clock::from_time_t(seconds);
}

}  // namespace

std::string canonical_name(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (result.ends_with('.')) result.pop_back();
  return result;
}

std::optional<Pair> PairReader::read(std::time_t now) {
  const auto text = contents(About::kCertificate, files_.certificate);
  const auto key_text = files_.key.empty() ? text : contents(About::kKey, files_.key);
  Pair pair;
  const bool has_chain = text && read_chain(*text, pair);
  const bool has_key = key_text && read_key(*key_text, pair);
  if (!has_chain || !has_key || !usable(pair)) return std::nullopt;
  judge_validity(*pair.certificate, now);
  pair.expiry = {files_.certificate, time_of(X509_get0_notAfter(pair.certificate.get()))};
  pair.names = names_of(*pair.certificate);
  return pair;
}

void PairReader::note(About about, Weight weight, std::string what) {
  findings_.push_back({about, weight, file_of(about), std::move(what)});
}

bool PairReader::fault(About about, std::string what) {
  note(about, Weight::kFault, std::move(what));
  return false;
}

const std::string& PairReader::file_of(About about) const {
  return about == About::kKey && !files_.key.empty() ? files_.key : files_.certificate;
}

std::optional<std::string> PairReader::contents(About about, const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct ::stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) {
    fault(about, "cannot be read (" + std::generic_category().message(errno) +
                     "): write the path of a file that this process may read");
    return std::nullopt;
  }
  std::string text(kLargestFile + 1, '\0');
  const ::ssize_t size =
      S_ISREG(status.st_mode) ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size < 0 || static_cast<std::size_t>(size) > kLargestFile) {
    fault(about, "is no file of certificates or keys: write the path of one in PEM form");
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(size));
  const bool holds_key = about == About::kKey || files_.key.empty();
  if (holds_key && (status.st_mode & S_IROTH) != 0) {
    note(About::kKey, Weight::kWarning,
         "holds a private key and can be read by every user of this machine: chmod 600");
  }
  return text;
}

bool PairReader::read_chain(const std::string& text, Pair& pair) {
  const BioOwner bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  ERR_clear_error();
  pair.certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!pair.certificate) {
    ERR_clear_error();
    return fault(About::kCertificate,
                 "has no certificate in PEM form in it: such a file has a line BEGIN "
                 "CERTIFICATE");
  }
  while (X509* issuer = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
    sk_X509_push(pair.chain.get(), issuer);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (at_end) return true;
  return fault(About::kCertificate,
               "has a certificate behind the first that is damaged: write the whole chain anew");
}

bool PairReader::read_key(const std::string& text, Pair& pair) {
  const BioOwner bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  pair.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (pair.key) return true;
  if (text.find("ENCRYPTED") != std::string::npos) {
    return fault(About::kKey,
                 "is locked with a passphrase, which nobody can type here: write it without one "
                 "(openssl pkey -in FILE -out NEW)");
  }
  return fault(About::kKey,
               "has no private key in PEM form in it: such a file has a line BEGIN PRIVATE KEY");
}

bool PairReader::usable(const Pair& pair) {
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return fault(About::kKey, "does not belong to the certificate in " + files_.certificate +
                                  ": name the keys in the order of their certificates");
  }
  const OpensslOwner<SSL_CTX, SSL_CTX_free> trial(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_cert_and_key(trial.get(), pair.certificate.get(), pair.key.get(),
                               pair.chain.get(), 1) != 1) {
    return fault(About::kCertificate, "cannot be used (" + openssl_reason() + "): make a new one");
  }
  return true;
}

void PairReader::judge_validity(const X509& certificate, std::time_t now) {
  const ASN1_TIME* from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* until = X509_get0_notAfter(&certificate);
  if (X509_cmp_time(until, &now) < 0) {
    note(About::kCertificate, Weight::kWarning,
         "expired on " + date_of(until) + ", so clients refuse it: renew it");
  } else if (X509_cmp_time(from, &now) > 0) {
    note(About::kCertificate, Weight::kWarning,
         "is valid from " + date_of(from) +
             " only, so clients refuse it until then: check the clock of this machine");
  }
}

}  // namespace shale::net
