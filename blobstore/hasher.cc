// Everything that touches OpenSSL; digests as text are in digest.cc.
#include <array>
#include <cassert>
#include <new>
#include <utility>

#include <openssl/evp.h>

#include "blobstore/digest.h"

namespace shale {
namespace {

/// A bug or an OpenSSL without its default provider; nothing a caller could handle.
void require(int done) {
  assert(done == 1 && "SHA-2 does not fail");
  static_cast<void>(done);
}

/// Fetching takes provider look-ups under locks, so it is done once. What was
/// fetched is immutable, shared by all threads and kept until the process ends.
const EVP_MD* method(Algorithm algorithm) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  const EVP_MD* const fetched = algorithm == Algorithm::kSha256 ? sha256 : sha512;
  assert(fetched != nullptr && "OpenSSL's default provider has SHA-2");
  return fetched;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context make_context() {
  Context context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  return context;
}

}  // namespace

struct Hasher::State {
  Context context = make_context();
};

Hasher::Hasher(Algorithm algorithm) : algorithm_(algorithm), state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex2(state_->context.get(), method(algorithm), nullptr));
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

Digest Hasher::finish() const {
  const Context copy = make_context();
  require(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()));
  std::array<std::byte, EVP_MAX_MD_SIZE> raw{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(raw.data()), &size));
  const auto digest = Digest::from_raw(algorithm_, std::span(raw).first(size));
  assert(digest.has_value());
  return *digest;
}

Digest Digest::of(Algorithm algorithm, std::span<const std::byte> content) {
  Hasher hasher(algorithm);
  hasher.update(content);
  return hasher.finish();
}

}  // namespace shale
