#include "auth/jwk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "auth/base64.h"
#include "auth/openssl.h"

namespace shale::auth {
namespace {

using BuilderPtr = std::unique_ptr<::OSSL_PARAM_BLD, Freed<::OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<::OSSL_PARAM, Freed<::OSSL_PARAM_free>>;

struct Curve {
  std::string_view name;
  const char* group;
  std::size_t half;  ///< bytes of a coordinate
};
constexpr std::array kCurves = {Curve{"P-256", "prime256v1", 32}, Curve{"P-384", "secp384r1", 48},
                                Curve{"P-521", "secp521r1", 66}};
constexpr std::size_t kLongestNumber = 1025;

std::optional<std::string> bytes(const JsonObject& jwk, const char* name) {
  const auto text = jwk.text(name);
  return text ? decode_base64url(*text) : std::nullopt;
}

/// The public half in DER; none when the parts are no key.
std::optional<std::string> der_from(const char* type, ::OSSL_PARAM_BLD* builder) {
  const ParametersPtr parameters(::OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(::EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  ::EVP_PKEY* made = nullptr;
  if (!parameters || !context || ::EVP_PKEY_fromdata_init(context.get()) != 1 ||
      ::EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return std::nullopt;
  }
  const PkeyPtr key(made);
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  ::OPENSSL_free(der);
  return text;
}

std::optional<std::string> ec_der(const JsonObject& jwk, const Curve& curve) {
  const auto x = bytes(jwk, "x");
  const auto y = bytes(jwk, "y");
  if (!x || !y || x->size() != curve.half || y->size() != curve.half) return std::nullopt;
  const std::string point = '\x04' + *x + *y;
  const BuilderPtr builder(::OSSL_PARAM_BLD_new());
  if (!builder ||
      ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group,
                                        0) != 1 ||
      ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
    return std::nullopt;
  }
  return der_from("EC", builder.get());
}

std::optional<std::string> rsa_der(const JsonObject& jwk) {
  const auto n = bytes(jwk, "n");
  const auto e = bytes(jwk, "e");
  if (!n || !e || n->size() > kLongestNumber || e->size() > kLongestNumber) return std::nullopt;
  const NumberPtr modulus(::BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
  const NumberPtr exponent(::BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
  const BuilderPtr builder(::OSSL_PARAM_BLD_new());
  if (!builder || !modulus || !exponent ||
      ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return std::nullopt;
  }
  return der_from("RSA", builder.get());
}

/// Why it is not for verifying; empty when it may be.
std::string other_purpose(const JsonObject& jwk) {
  if (jwk.has("use") && jwk.text("use") != "sig") return "is not for signatures";
  if (!jwk.has("key_ops")) return {};
  const auto operations = jwk.texts("key_ops");
  if (operations && std::ranges::find(*operations, "verify") != operations->end()) return {};
  return "is not for verifying";
}

}  // namespace

std::variant<VerifyingKey, OtherKey, BrokenKey> read_jwk(const JsonObject& jwk) {
  if (auto why = other_purpose(jwk); !why.empty()) return OtherKey{std::move(why)};
  if (jwk.has("d")) return BrokenKey{"has its secret half in it"};
  const auto type = jwk.text("kty");
  std::optional<std::string> der;
  if (type == "EC") {
    const auto name = jwk.text("crv");
    const auto* const curve =
        std::ranges::find_if(kCurves, [&](const Curve& c) { return name == c.name; });
    if (curve == kCurves.end()) return OtherKey{"is on a curve that is not known here"};
    der = ec_der(jwk, *curve);
  } else if (type == "RSA") {
    der = rsa_der(jwk);
  } else {
    return OtherKey{"is neither RSA nor EC"};
  }
  if (!der) return BrokenKey{"is no key"};
  if (jwk.has("alg") && !jwk.text("alg")) return BrokenKey{"has an alg that is no text"};
  auto key = VerifyingKey::from_der(*der, jwk.text("alg").value_or(""));
  if (auto* why = std::get_if<std::string>(&key)) return OtherKey{std::move(*why)};
  return std::get<VerifyingKey>(std::move(key));
}

}  // namespace shale::auth
