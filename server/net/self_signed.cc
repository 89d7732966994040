#include "server/net/self_signed.h"

#include <array>
#include <stdexcept>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <openssl/pem.h>
#include <openssl/rand.h>

#include "server/net/openssl.h"

namespace shale::net {
namespace {

/// What X.509 has room for in a common name; nothing reads it but people.
constexpr std::size_t kLongestCommonName = 64;

void require(bool done, std::string_view doing) {
  if (!done) throw std::runtime_error(std::string(doing) + " failed: " + openssl_reason());
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(::in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

/// In OpenSSL's language for extensions, in which a comma would begin another entry.
std::string alternative_names(std::span<const std::string> hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    require(!host.empty() && host.find_first_of(",\n\r;") == std::string::npos,
            "putting \"" + host + "\" into a certificate");
    names += (names.empty() ? "" : ",") + std::string(is_address(host) ? "IP:" : "DNS:") + host;
  }
  return names;
}

void extend(X509& certificate, X509V3_CTX& context, int what, const std::string& value) {
  const OpensslOwner<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
  require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1,
          "extending the certificate with " + value);
}

void set_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  require(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "drawing a number");
  bytes.front() &= 0x7F;  // a serial number is positive
  const OpensslOwner<BIGNUM, BN_free> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr,
          "numbering the certificate");
}

void set_validity(X509& certificate, const Validity& validity) {
  using Clock = std::chrono::system_clock;
  require(ASN1_TIME_set(X509_getm_notBefore(&certificate), Clock::to_time_t(validity.from)) &&
              ASN1_TIME_set(X509_getm_notAfter(&certificate), Clock::to_time_t(validity.until)),
          "dating the certificate");
}

std::string text_in(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

PemPair as_pem(X509& certificate, EVP_PKEY& key) {
  const BioOwner first(BIO_new(BIO_s_mem()));
  const BioOwner second(BIO_new(BIO_s_secmem()));
  require(
      PEM_write_bio_X509(first.get(), &certificate) == 1 &&
          PEM_write_bio_PrivateKey(second.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "writing the certificate");
  return {text_in(*first), text_in(*second)};
}

}  // namespace

PemPair make_self_signed(std::span<const std::string> hosts, const Validity& validity) {
  ERR_clear_error();
  const std::string names = alternative_names(hosts);
  const KeyOwner key(EVP_EC_gen("P-256"));
  const X509Owner certificate(X509_new());
  require(key && certificate, "making a key");

  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
              X509_set_pubkey(certificate.get(), key.get()) == 1,
          "making a certificate");
  set_serial(*certificate);
  set_validity(*certificate, validity);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::string common = hosts.front().substr(0, kLongestCommonName);
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common.data()),
                                     static_cast<int>(common.size()), -1, 0) == 1 &&
              X509_set_issuer_name(certificate.get(), name) == 1,
          "naming the certificate");

  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate.get(), certificate.get(), nullptr, nullptr, 0);
  extend(*certificate, context, NID_basic_constraints, "critical,CA:FALSE");
  extend(*certificate, context, NID_key_usage, "critical,digitalSignature");
  extend(*certificate, context, NID_ext_key_usage, "serverAuth");
  extend(*certificate, context, NID_subject_key_identifier, "hash");
  extend(*certificate, context, NID_subject_alt_name, names);
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "signing the certificate");
  return as_pem(*certificate, *key);
}

}  // namespace shale::net
