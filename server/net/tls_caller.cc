#include "server/net/tls_caller.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include <arpa/inet.h>

#include "server/net/openssl.h"

namespace shale::net {
namespace {

using ContextOwner = OpensslOwner<SSL_CTX, SSL_CTX_free>;
using SslOwner = OpensslOwner<SSL, SSL_free>;
using VerifierOwner = OpensslOwner<X509_STORE_CTX, X509_STORE_CTX_free>;
using NamesOwner = OpensslOwner<GENERAL_NAMES, GENERAL_NAMES_free>;
using Fault = ChainJudgement::Fault;

constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

bool is_ip(const std::string& host) {
  std::array<unsigned char, sizeof(::in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string name_of(const X509_NAME* name) {
  const BioOwner memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string("nobody");
}

std::chrono::sys_seconds end_of(const X509* certificate) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time);
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

std::string address_words(const ASN1_OCTET_STRING& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.length == sizeof(::in_addr) ? AF_INET : AF_INET6;
  const bool whole = family == AF_INET || bytes.length == sizeof(::in6_addr);
  if (!whole || ::inet_ntop(family, bytes.data, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

std::vector<std::string> names_in(const X509* certificate) {
  std::vector<std::string> names;
  const NamesOwner all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(all.get(), i);
    if (name.type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(name.d.dNSName->data),
                         static_cast<std::size_t>(name.d.dNSName->length));
    } else if (name.type == GEN_IPADD) {
      names.push_back(address_words(*name.d.iPAddress));
    }
  }
  return names;
}

Fault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Fault::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Fault::kNotYetValid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return Fault::kSelfSigned;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return Fault::kUnknownIssuer;
    default:
      return Fault::kOther;
  }
}

/// Notes every fault and goes on, so that all of them are found.
int note_fault(int fine, X509_STORE_CTX* verifier) {
  if (fine == 1) return 1;
  auto& judgement = *static_cast<ChainJudgement*>(X509_STORE_CTX_get_app_data(verifier));
  const int error = X509_STORE_CTX_get_error(verifier);
  const X509* about = X509_STORE_CTX_get_current_cert(verifier);
  const Fault fault = fault_of(error);
  // One missing certificate is told in several ways.
  if (fault == Fault::kUnknownIssuer && judgement.has(fault)) return 1;
  std::string words = X509_verify_cert_error_string(error);
  if (about != nullptr) words += " (" + name_of(X509_get_subject_name(about)) + ')';
  judgement.findings.push_back({fault, std::move(words)});
  return 1;
}

ChainJudgement judge(SSL* ssl, X509_STORE* roots, const std::string& host) {
  ChainJudgement judgement;
  judgement.protocol = SSL_get_version(ssl);
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  judgement.sent = static_cast<std::size_t>(std::max(0, chain == nullptr ? 0 : sk_X509_num(chain)));
  if (judgement.sent == 0) {
    judgement.findings.push_back({Fault::kOther, "it has shown no certificate"});
    return judgement;
  }
  X509* first = sk_X509_value(chain, 0);
  judgement.names = names_in(first);
  judgement.end_issuer =
      name_of(X509_get_issuer_name(sk_X509_value(chain, static_cast<int>(judgement.sent) - 1)));
  judgement.until = end_of(first);
  for (int i = 1; i < sk_X509_num(chain); ++i)
    judgement.until = std::min(judgement.until, end_of(sk_X509_value(chain, i)));

  const VerifierOwner verifier(X509_STORE_CTX_new());
  X509_STORE_CTX_init(verifier.get(), roots, first, chain);
  X509_STORE_CTX_set_default(verifier.get(), "ssl_server");
  X509_STORE_CTX_set_app_data(verifier.get(), &judgement);
  X509_STORE_CTX_set_verify_cb(verifier.get(), note_fault);
  if (X509_verify_cert(verifier.get()) != 1 && judgement.findings.empty()) {
    judgement.findings.push_back(
        {Fault::kOther, X509_verify_cert_error_string(X509_STORE_CTX_get_error(verifier.get()))});
  }
  // As Go's clients do, which docker is one of: the common name counts for nothing.
  constexpr unsigned kNoCommonName = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  const int named = is_ip(host)
                        ? X509_check_ip_asc(first, host.c_str(), 0)
                        : X509_check_host(first, host.c_str(), host.size(), kNoCommonName, nullptr);
  if (named != 1) judgement.findings.push_back({Fault::kWrongName, "it is not for " + host});
  ERR_clear_error();
  return judgement;
}

class TlsWire final : public Wire {
 public:
  TlsWire(UniqueFd socket, SslOwner ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}
  ~TlsWire() override { SSL_shutdown(ssl_.get()); }

  Moved read(std::span<std::byte> into) override {
    ERR_clear_error();
    std::size_t got = 0;
    const int returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    return moved(returned, got);
  }
  Moved write(std::string_view bytes) override {
    ERR_clear_error();
    std::size_t sent = 0;
    const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
    return moved(returned, sent);
  }

 private:
  Moved moved(int returned, std::size_t bytes) {
    if (returned == 1) return {.bytes = bytes, .fault = {}};
    switch (SSL_get_error(ssl_.get(), returned)) {
      case SSL_ERROR_ZERO_RETURN:
        return {};
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return {.bytes = 0, .fault = "no answer in time"};
      case SSL_ERROR_SSL:
        return {.bytes = 0, .fault = "TLS: " + openssl_reason()};
      default:
        ERR_clear_error();
        return {.bytes = 0, .fault = "the connection broke off"};
    }
  }

  UniqueFd socket_;
  SslOwner ssl_;
};

}  // namespace

struct TlsCaller::State {
  ContextOwner context;
};

bool ChainJudgement::has(Fault fault) const noexcept {
  return std::ranges::find(findings, fault, &Finding::fault) != findings.end();
}

TlsCaller::TlsCaller(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsCaller::TlsCaller(TlsCaller&&) noexcept = default;
TlsCaller& TlsCaller::operator=(TlsCaller&&) noexcept = default;
TlsCaller::~TlsCaller() = default;

std::variant<TlsCaller, std::string> TlsCaller::make(const std::string& ca) {
  ContextOwner context(SSL_CTX_new(TLS_client_method()));
  if (!context) return openssl_reason();
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size());
  SSL_CTX_set_default_verify_paths(context.get());
  if (!ca.empty() && SSL_CTX_load_verify_file(context.get(), ca.c_str()) != 1) {
    return ca + ": " + openssl_reason();
  }
  return TlsCaller(std::make_unique<State>(State{std::move(context)}));
}

std::variant<TlsCaller::Begun, std::string> TlsCaller::begin(UniqueFd socket,
                                                             const std::string& host) const {
  SslOwner ssl(SSL_new(state_->context.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket.get()) != 1) return openssl_reason();
  if (!is_ip(host)) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  ERR_clear_error();
  const int returned = SSL_connect(ssl.get());
  if (returned != 1) {
    const int error = SSL_get_error(ssl.get(), returned);
    if (error == SSL_ERROR_SSL) return openssl_reason();
    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
               ? "no answer in time"
               : "the connection broke off";
  }
  ChainJudgement judgement = judge(ssl.get(), SSL_CTX_get_cert_store(state_->context.get()), host);
  return Begun{std::make_unique<TlsWire>(std::move(socket), std::move(ssl)), std::move(judgement)};
}

}  // namespace shale::net
