#pragma once

// OpenSSL's objects with owners. For the .cc files of this room: its other headers show no
// type of OpenSSL.

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace shale::auth {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using PkeyPtr = std::unique_ptr<::EVP_PKEY, Freed<::EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<::EVP_PKEY_CTX, Freed<::EVP_PKEY_CTX_free>>;
using BioPtr = std::unique_ptr<::BIO, Freed<::BIO_free_all>>;
using DigestPtr = std::unique_ptr<::EVP_MD_CTX, Freed<::EVP_MD_CTX_free>>;
using SignaturePtr = std::unique_ptr<::ECDSA_SIG, Freed<::ECDSA_SIG_free>>;
using NumberPtr = std::unique_ptr<::BIGNUM, Freed<::BN_free>>;
using CertificatePtr = std::unique_ptr<::X509, Freed<::X509_free>>;
using StorePtr = std::unique_ptr<::X509_STORE, Freed<::X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<::X509_STORE_CTX, Freed<::X509_STORE_CTX_free>>;

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace shale::auth
