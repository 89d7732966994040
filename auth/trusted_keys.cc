#include "auth/trusted_keys.h"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "auth/json_object.h"
#include "auth/jwk.h"
#include "auth/openssl.h"

namespace shale::auth {
namespace {

constexpr int kDeepestChain = 8;

/// The key in it; null when it is none that can be used.
VerifyingKeyPtr key_of(::X509* certificate) {
  ::EVP_PKEY* pkey = ::X509_get0_pubkey(certificate);
  unsigned char* der = nullptr;
  const int size = pkey == nullptr ? 0 : ::i2d_PUBKEY(pkey, &der);
  if (size <= 0) return nullptr;
  auto key =
      VerifyingKey::from_der({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  ::OPENSSL_free(der);
  auto* good = std::get_if<VerifyingKey>(&key);
  return good == nullptr ? nullptr : std::make_shared<const VerifyingKey>(std::move(*good));
}

/// Whether all of the text was read: after the last certificate, nothing more begins.
bool at_end_of_pem() {
  const auto error = ::ERR_peek_last_error();
  ::ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/// All of the chain, or none of it when one is no certificate.
std::vector<CertificatePtr> parse_chain(const std::vector<std::string>& chain) {
  std::vector<CertificatePtr> certificates;
  for (const std::string& der : chain) {
    const unsigned char* at = bytes_of(der);
    CertificatePtr one(::d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!one || at != bytes_of(der) + der.size()) return {};
    certificates.push_back(std::move(one));
  }
  return certificates;
}

}  // namespace

struct TrustedKeys::Roots {
  StorePtr store{::X509_STORE_new()};
};

TrustedKeys::TrustedKeys() = default;
TrustedKeys::TrustedKeys(TrustedKeys&&) noexcept = default;
TrustedKeys& TrustedKeys::operator=(TrustedKeys&&) noexcept = default;
TrustedKeys::~TrustedKeys() = default;

std::variant<TrustedKeys, std::string> TrustedKeys::read(const Texts& texts) {
  TrustedKeys keys;
  if (texts.certificates) {
    if (auto fault = keys.read_certificates(*texts.certificates); !fault.empty()) return fault;
  }
  if (texts.jwks) {
    if (auto fault = keys.read_jwks(*texts.jwks); !fault.empty()) return fault;
  }
  for (const auto& [id, key] : keys.by_id_) {
    if (keys.only_ && keys.only_->thumbprint() != key->thumbprint()) {
      keys.only_ = nullptr;
      break;
    }
    keys.only_ = key;
  }
  return keys;
}

std::string TrustedKeys::read_certificates(std::string_view text) {
  const BioPtr memory(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  roots_ = std::make_unique<Roots>();
  ::X509_STORE* store = roots_->store.get();
  // Whichever of them vouches for a chain: it need not be one that vouches for itself.
  ::X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  std::size_t count = 0;
  ::ERR_clear_error();
  while (true) {
    const CertificatePtr one(::PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    ++count;
    ::X509_STORE_add_cert(store, one.get());
    if (const auto key = key_of(one.get())) {
      by_id_[key->thumbprint()] = key;
      by_id_[key->libtrust_id()] = key;
    }
    ::ERR_clear_error();
  }
  if (!at_end_of_pem()) return "certificate " + std::to_string(count + 1) + " is broken";
  return count > 0 ? std::string() : "there is no certificate in PEM";
}

std::string TrustedKeys::read_jwks(std::string_view text) {
  const auto set = JsonObject::parse(text);
  const auto jwks = set ? set->objects("keys") : std::nullopt;
  if (!jwks) return "this is no set of keys in JSON: it has no list of keys, or a name twice";
  std::string last = "it is empty";
  std::size_t usable = 0;
  for (std::size_t i = 0; i < jwks->size(); ++i) {
    const JsonObject& jwk = (*jwks)[i];
    auto read = read_jwk(jwk);
    const std::string which = "key " + std::to_string(i + 1) + ' ';
    if (const auto* broken = std::get_if<BrokenKey>(&read)) return which + broken->why;
    if (const auto* other = std::get_if<OtherKey>(&read)) {
      last = which + other->why;
      continue;
    }
    auto key = std::make_shared<const VerifyingKey>(std::get<VerifyingKey>(std::move(read)));
    if (jwk.has("kid") && !jwk.text("kid")) return which + "has a kid that is no text";
    const std::string id = jwk.text("kid").value_or(key->thumbprint());
    if (!by_id_.emplace(id, std::move(key)).second) return which + "has the kid of another one";
    ++usable;
  }
  return usable > 0 ? std::string() : "no key can be used: " + last;
}

VerifyingKeyPtr TrustedKeys::find(const SealedToken& token, Time now) const {
  if (token.key_id) {
    const auto found = by_id_.find(*token.key_id);
    if (found != by_id_.end()) return found->second;
  }
  if (!token.chain.empty()) return roots_ ? vouched_for(token, now) : nullptr;
  return token.key_id ? nullptr : only_;
}

VerifyingKeyPtr TrustedKeys::vouched_for(const SealedToken& token, Time now) const {
  const auto chain = parse_chain(token.chain);
  const StoreContextPtr context(::X509_STORE_CTX_new());
  if (chain.empty() || !context) return nullptr;
  // It owns none of them.
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (sk_X509_push(others.get(), chain[i].get()) <= 0) return nullptr;
  }
  if (::X509_STORE_CTX_init(context.get(), roots_->store.get(), chain.front().get(),
                            others.get()) != 1) {
    return nullptr;
  }
  ::X509_VERIFY_PARAM* how = ::X509_STORE_CTX_get0_param(context.get());
  ::X509_VERIFY_PARAM_set_time(how, std::chrono::system_clock::to_time_t(now));
  ::X509_VERIFY_PARAM_set_depth(how, kDeepestChain);
  ::X509_VERIFY_PARAM_set_auth_level(how, 1);  // no SHA-1, no short keys
  const bool good = ::X509_verify_cert(context.get()) == 1;
  ::ERR_clear_error();
  return good ? key_of(chain.front().get()) : nullptr;
}

}  // namespace shale::auth
