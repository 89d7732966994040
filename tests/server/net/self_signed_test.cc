#include "server/net/self_signed.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

struct X509Free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, X509Free>;

Certificate parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  REQUIRE(certificate);
  return certificate;
}

bool is_for(const Certificate& certificate, const std::string& host) {
  return X509_check_host(certificate.get(), host.c_str(), 0, 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate.get(), host.c_str(), 0) == 1;
}

TEST_CASE("self-signed: the certificate is for every host it was made for, and for no other") {
  const std::vector<std::string> hosts = {"registry.example", "*.team.example", "192.0.2.7",
                                          "2001:db8::1"};
  const auto certificate = parse(net::make_self_signed(hosts, days(0, 30)).certificate);
  for (const std::string host :
       {"registry.example", "a.team.example", "192.0.2.7", "2001:db8::1"}) {
    CHECK_MESSAGE(is_for(certificate, host), host);
  }
  for (const std::string host : {"example", "team.example", "a.b.team.example", "192.0.2.8"}) {
    CHECK_FALSE_MESSAGE(is_for(certificate, host), host);
  }
}

TEST_CASE("self-signed: it verifies against itself, for servers") {
  const std::vector<std::string> hosts = {"registry.example"};
  const auto certificate = parse(net::make_self_signed(hosts, days(-1, 30)).certificate);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, certificate.get());
  X509_STORE_CTX* check = X509_STORE_CTX_new();
  X509_STORE_CTX_init(check, store, certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(check, X509_PURPOSE_SSL_SERVER);
  CHECK(X509_verify_cert(check) == 1);
  X509_STORE_CTX_free(check);
  X509_STORE_free(store);
}

TEST_CASE("self-signed: no two have the same serial number") {
  const std::vector<std::string> hosts = {"a"};
  const auto one = parse(net::make_self_signed(hosts, days(0, 1)).certificate);
  const auto other = parse(net::make_self_signed(hosts, days(0, 1)).certificate);
  CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(one.get()), X509_get0_serialNumber(other.get())) !=
        0);
}

TEST_CASE("self-signed: what would slip another entry in is refused") {
  for (const std::string host : {"a,DNS:evil.example", "", "a\nb", "a;b"}) {
    const std::vector<std::string> hosts = {host};
    CHECK_THROWS_AS(net::make_self_signed(hosts, days(0, 1)), std::runtime_error);
  }
}

}  // namespace
}  // namespace shale::testing
