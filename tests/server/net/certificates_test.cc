#include "server/net/certificates.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

using Files = std::vector<net::CertificateFiles>;
using About = net::CertificateFinding::About;
using Weight = net::CertificateFinding::Weight;

net::CertificateReading read(const Files& files) {
  return net::read_certificates(files, std::chrono::system_clock::now());
}

/// The only finding that there is.
net::CertificateFinding finding_of(const Files& files) {
  const auto reading = read(files);
  REQUIRE(reading.findings.size() == 1);
  CHECK((reading.set != nullptr) == (reading.findings[0].weight == Weight::kWarning));
  return reading.findings[0];
}

bool has(const net::CertificateFinding& finding, std::string_view part) {
  return finding.str().find(part) != std::string::npos;
}

TEST_CASE("certificates: a good pair leaves nothing to say") {
  CertificateFolder folder;
  const auto reading = read({folder.make("a", {"a.example"}), folder.make("b", {"b.example"})});
  CHECK(reading.set);
  CHECK(reading.findings.empty());
}

TEST_CASE("certificates: the key may be in the file of its certificate") {
  CertificateFolder folder;
  const std::vector<std::string> hosts = {"a.example"};
  const net::PemPair pair = net::make_self_signed(hosts, days(-1, 30));
  write_file(folder / "both.pem", pair.key + pair.certificate);
  CHECK(read({{.certificate = folder / "both.pem", .key = {}}}).findings.empty());
}

TEST_CASE("certificates: a file that is missing is named, with its part") {
  CertificateFolder folder;
  auto files = folder.make("a", {"a.example"});
  SUBCASE("the certificate") {
    std::filesystem::remove(files.certificate);
    const auto finding = finding_of({files});
    CHECK(finding.about == About::kCertificate);
    CHECK(has(finding, "a.crt: cannot be read (No such file or directory)"));
  }
  SUBCASE("the key") {
    std::filesystem::remove(files.key);
    const auto finding = finding_of({files});
    CHECK(finding.about == About::kKey);
    CHECK(has(finding, "a.key: cannot be read (No such file or directory)"));
  }
}

TEST_CASE("certificates: what is in no file of certificates is a fault in words") {
  CertificateFolder folder;
  auto files = folder.make("a", {"a.example"});
  SUBCASE("a directory") {
    files.certificate = folder / "";
    CHECK(has(finding_of({files}), "is no file of certificates"));
  }
  SUBCASE("more than a certificate can be") {
    write_file(files.certificate, std::string((1 << 20) + 1, 'x'));
    CHECK(has(finding_of({files}), "is no file of certificates"));
  }
  SUBCASE("nothing") {
    write_file(files.certificate, "");
    CHECK(has(finding_of({files}), "has no certificate in PEM form"));
  }
  SUBCASE("a damaged issuer behind a good certificate") {
    const std::vector<std::string> hosts = {"a.example"};
    const net::PemPair pair = net::make_self_signed(hosts, days(-1, 30));
    write_file(files.key, pair.key);
    write_file(
        files.certificate,
        pair.certificate + "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    CHECK(has(finding_of({files}), "behind the first that is damaged"));
  }
  SUBCASE("a key that is none") {
    write_file(files.key, "not a key");
    CHECK(has(finding_of({files}), "has no private key in PEM form"));
  }
  SUBCASE("a key with a passphrase, for which nobody is asked") {
    write_file(files.key,
               "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8=\n-----END ENCRYPTED PRIVATE "
               "KEY-----\n");
    CHECK(has(finding_of({files}), "is locked with a passphrase"));
  }
}

TEST_CASE("certificates: a key of another certificate is a fault of the key") {
  CertificateFolder folder;
  auto files = folder.make("a", {"a.example"});
  files.key = folder.make("b", {"b.example"}).key;
  const auto finding = finding_of({files});
  CHECK(finding.about == About::kKey);
  CHECK(has(finding, "b.key: does not belong to the certificate in "));
}

TEST_CASE("certificates: all mistakes in all pairs are found at once, and one is enough") {
  CertificateFolder folder;
  const auto good = folder.make("good", {"a.example"});
  auto bad = folder.named("missing");
  const auto reading = read({good, bad});
  CHECK_FALSE(reading.set);
  CHECK(reading.findings.size() == 2);
}

/// The certificate with another end, signed anew.
std::string until(const net::CertificateFiles& files, const char* end) {
  const auto close = [](BIO* file) { BIO_free_all(file); };
  const std::unique_ptr<BIO, decltype(close)> in(BIO_new_file(files.certificate.c_str(), "r"));
  const std::unique_ptr<BIO, decltype(close)> key_in(BIO_new_file(files.key.c_str(), "r"));
  const std::unique_ptr<BIO, decltype(close)> out(BIO_new(BIO_s_mem()));
  X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr);
  REQUIRE(ASN1_TIME_set_string(X509_getm_notAfter(certificate), end) == 1);
  REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
  REQUIRE(PEM_write_bio_X509(out.get(), certificate) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {text, static_cast<std::size_t>(size)};
}

TEST_CASE("certificates: one that holds longer than the clock can tell holds for good") {
  CertificateFolder folder;
  // The last moment of RFC 5280, 4.1.2.5, and one that nanoseconds cannot tell any more.
  for (const char* end : {"99991231235959Z", "22620412000000Z"}) {
    const auto files = folder.make("long", {"a"});
    write_file(files.certificate, until(files, end));
    const auto reading = read({files});
    REQUIRE(reading.set);
    CHECK(reading.set->expiries().front().until == std::chrono::system_clock::time_point::max());
  }
}

TEST_CASE("certificates: one that is not valid today is used, with a warning") {
  CertificateFolder folder;
  const auto expired = finding_of({folder.make("old", {"a"}, days(-30, -1))});
  CHECK(expired.weight == Weight::kWarning);
  CHECK(has(expired, "expired on "));
  const auto early = finding_of({folder.make("new", {"a"}, days(1, 30))});
  CHECK(early.weight == Weight::kWarning);
  CHECK(has(early, "is valid from "));
}

TEST_CASE("certificates: a key that everybody can read is used, with a warning") {
  CertificateFolder folder;
  const auto files = folder.make("a", {"a"});
  std::filesystem::permissions(files.key, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const auto finding = finding_of({files});
  CHECK(finding.weight == Weight::kWarning);
  CHECK(finding.about == About::kKey);
  CHECK(has(finding, "chmod 600"));
}

}  // namespace
}  // namespace shale::testing
