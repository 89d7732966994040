#pragma once

// OpenSSL's objects with owners, and its reasons as text. For .cc files of this room.

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace shale::net {

template <auto Free>
struct OpensslFree {
  template <class Object>
  void operator()(Object* object) const noexcept {
    Free(object);
  }
};

template <class Object, auto Free>
using OpensslOwner = std::unique_ptr<Object, OpensslFree<Free>>;

using BioOwner = OpensslOwner<BIO, BIO_free_all>;
using KeyOwner = OpensslOwner<EVP_PKEY, EVP_PKEY_free>;
using X509Owner = OpensslOwner<X509, X509_free>;

/// Why OpenSSL's last call on this thread failed; the queue of reasons is empty afterwards.
inline std::string openssl_reason() {
  const unsigned long code = ERR_peek_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "no reason given" : reason;
  ERR_clear_error();
  return text;
}

}  // namespace shale::net
