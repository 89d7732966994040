#include "auth/external_tokens.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "auth/base64.h"
#include "auth/token_service.h"
#include "tests/auth/foreign_key.h"
#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::string;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

Json claims() {
  return {{"iss", "issuer"},
          {"aud", "registry"},
          {"sub", "alice"},
          {"iat", 1'700'000'000},
          {"nbf", 1'700'000'000},
          {"exp", 1'700'000'300},
          {"jti", "one"},
          {"access", {{{"type", "repository"}, {"name", "a/b"}, {"actions", {"pull", "push"}}}}}};
}

/// Signed whatever it says.
string sealed(const ForeignKey& key, const Json& header, const string& body) {
  const string algorithm = header.value("alg", "ES256");
  const bool known = algorithm.size() == 5 && algorithm.find('S') == 1 && algorithm[0] != 'H';
  const string message = encode_base64url(header.dump()) + '.' + encode_base64url(body);
  return message + '.' + encode_base64url(key.sign(known ? algorithm : "ES256", message));
}

/// An external service with two keys, and the files that we have of it.
struct Service {
  testing::TemporaryDirectory directory;
  ForeignKey rsa = ForeignKey::rsa();
  ForeignKey ec = ForeignKey::ec();
  std::vector<string> told;
  ExternalTokens::Options options{.issuer = "issuer",
                                  .service = "registry",
                                  .certificates = {},
                                  .jwks = (directory / "jwks").string()};

  string jwks() const {
    return R"({"keys":[)" + rsa.jwk("RS256", "r") + ',' + ec.jwk("ES256", "e") + "]}";
  }
  static void write(const string& path, const string& text) { std::ofstream(path) << text; }

  std::unique_ptr<ExternalTokens> open() {
    auto opened =
        ExternalTokens::open(options, [this](const string& what) { told.push_back(what); });
    if (const auto* fault = std::get_if<string>(&opened)) FAIL(*fault);
    return std::get<std::unique_ptr<ExternalTokens>>(std::move(opened));
  }
  string fault() {
    auto opened = ExternalTokens::open(options, [](const string&) {});
    REQUIRE(std::holds_alternative<string>(opened));
    return std::get<string>(opened);
  }
  std::unique_ptr<ExternalTokens> with_jwks(const string& text) {
    write(options.jwks, text);
    return open();
  }
  std::unique_ptr<ExternalTokens> with_certificates(const string& text) {
    options.jwks.clear();
    options.certificates = (directory / "bundle").string();
    write(options.certificates, text);
    return open();
  }
};

std::variant<TokenClaims, TokenFault> read(const ExternalTokens& tokens, const string& token,
                                           Time now = kNow) {
  const auto opened = SealedToken::open(token);
  if (const auto* fault = std::get_if<TokenFault>(&opened)) return *fault;
  return tokens.read(std::get<SealedToken>(opened), now);
}

std::optional<TokenFault> fault_of(const ExternalTokens& tokens, const string& token,
                                   Time now = kNow) {
  const auto result = read(tokens, token, now);
  const auto* fault = std::get_if<TokenFault>(&result);
  return fault == nullptr ? std::nullopt : std::optional(*fault);
}

TEST_CASE("ExternalTokens: what a good token says counts, with both kinds of keys") {
  Service service;
  const auto tokens = service.with_jwks(service.jwks());
  for (const auto& [key, header] :
       {std::pair{&service.rsa, Json{{"alg", "RS256"}, {"kid", "r"}}},
        std::pair{&service.ec, Json{{"alg", "ES256"}, {"kid", "e"}, {"typ", "JWT"}}}}) {
    const auto result = read(*tokens, sealed(*key, header, claims().dump()));
    REQUIRE(std::holds_alternative<TokenClaims>(result));
    const auto& good = std::get<TokenClaims>(result);
    CHECK(good.origin == TokenOrigin::kExternal);
    CHECK(good.identity.kind == Identity::Kind::kUser);
    CHECK(good.identity.name == "alice");
    CHECK(good.access == std::vector<Grant>{{"repository", "a/b", {"pull", "push"}}});
    CHECK(good.expires == kNow + 300s);
  }
}

TEST_CASE("ExternalTokens: the table of bad ones, for both kinds of keys") {
  Service service;
  const auto tokens = service.with_jwks(service.jwks());
  struct Kind {
    const ForeignKey* key;
    const ForeignKey* other;
    string id, algorithm, other_algorithm;
  };
  for (const Kind& kind : {Kind{&service.rsa, &service.ec, "r", "RS256", "ES256"},
                           Kind{&service.ec, &service.rsa, "e", "ES256", "RS256"}}) {
    CAPTURE(kind.algorithm);
    const Json header{{"alg", kind.algorithm}, {"kid", kind.id}};
    const auto with_header = [&](const char* name, const Json& value) {
      Json changed = header;
      changed[name] = value;
      const string message =
          encode_base64url(changed.dump()) + '.' + encode_base64url(claims().dump());
      return fault_of(*tokens,
                      message + '.' + encode_base64url(kind.key->sign(kind.algorithm, message)));
    };
    // The algorithm is the key's, whatever the token says.
    for (const char* algorithm :
         {"none", "", "HS256", "HS384", "RS384", "PS256", "ES384", "rs256", "EdDSA"}) {
      CHECK(with_header("alg", algorithm) == TokenFault::kAlgorithm);
    }
    CHECK(with_header("alg", kind.other_algorithm) == TokenFault::kAlgorithm);
    CHECK(with_header("alg", nullptr) == TokenFault::kAlgorithm);
    CHECK(with_header("alg", Json::array({kind.algorithm})) == TokenFault::kAlgorithm);
    // No key that a token brings or names elsewhere counts.
    const ForeignKey mallory = kind.id == "r" ? ForeignKey::rsa() : ForeignKey::ec();
    for (const auto& [name, value] : std::vector<std::pair<const char*, Json>>{
             {"jwk", Json::parse(mallory.jwk(kind.algorithm, "m"))},
             {"jku", "http://127.0.0.1:1/keys"},
             {"x5u", "http://127.0.0.1:1/chain"},
             {"x5c", {base64_of(mallory.authority("mallory").der)}}}) {
      Json changed = header;
      changed[name] = value;
      CHECK(fault_of(*tokens, sealed(mallory, changed, claims().dump())) == TokenFault::kSignature);
      changed["kid"] = "m";
      CHECK(fault_of(*tokens, sealed(mallory, changed, claims().dump())) == TokenFault::kKey);
      changed.erase("kid");
      CHECK(fault_of(*tokens, sealed(mallory, changed, claims().dump())) == TokenFault::kKey);
    }
    CHECK(with_header("kid", 1) == TokenFault::kMalformed);
    CHECK(with_header("crit", Json::array({"exp"})) == TokenFault::kMalformed);
    CHECK(with_header("x5c", "AAAA") == TokenFault::kMalformed);
    CHECK(with_header("x5c", Json::array()) == TokenFault::kMalformed);
    CHECK(with_header("x5c", Json::array({"-_-_"})) == TokenFault::kMalformed);

    const auto with = [&](const char* name, const Json& value) {
      Json changed = claims();
      changed[name] = value;
      return fault_of(*tokens, sealed(*kind.key, header, changed.dump()));
    };
    CHECK(with("iss", "other") == TokenFault::kIssuer);
    CHECK(with("aud", "other") == TokenFault::kAudience);
    CHECK(with("aud", Json::array()) == TokenFault::kAudience);
    CHECK(with("aud", Json::array({"registry", 1})) == TokenFault::kAudience);
    CHECK_FALSE(with("aud", Json::array({"other", "registry"})));
    CHECK(with("exp", 1'699'999'970) == TokenFault::kExpired);
    CHECK_FALSE(with("exp", 1'699'999'971));
    CHECK(with("nbf", 1'700'000'031) == TokenFault::kNotYet);
    CHECK_FALSE(with("nbf", 1'700'000'030));
    for (const char* name : {"exp", "nbf", "iat"}) {
      for (const Json& wrong : {Json("soon"), Json(-1), Json(1e300), Json(nullptr), Json(true)}) {
        CHECK(with(name, wrong) == TokenFault::kMalformed);
      }
    }
    for (const char* name : {"sub", "jti"})
      CHECK(with(name, 1) == TokenFault::kMalformed);
    for (const char* name : {"robot:ci", "a,b", " a", "a\nb"})
      CHECK(with("sub", name) == TokenFault::kSubject);
    CHECK(with("access", "all") == TokenFault::kMalformed);
    CHECK(with("access", {{{"type", "repository"}}}) == TokenFault::kMalformed);

    for (const char* name : {"iss", "aud", "exp"}) {
      Json changed = claims();
      changed.erase(name);
      CHECK(fault_of(*tokens, sealed(*kind.key, header, changed.dump())));
    }
    for (const char* name : {"nbf", "iat", "jti", "access"}) {
      Json changed = claims();
      changed.erase(name);
      CHECK_FALSE(fault_of(*tokens, sealed(*kind.key, header, changed.dump())));
    }
    const string body = claims().dump();
    CHECK(fault_of(*tokens, sealed(*kind.key, header, R"({"sub":"mallory",)" + body.substr(1))) ==
          TokenFault::kMalformed);
    const string good = sealed(*kind.key, header, body);
    for (std::size_t length = 0; length < good.size(); length += 7)
      CHECK(fault_of(*tokens, good.substr(0, length)));
    CHECK(fault_of(*tokens, good + 'A'));
    CHECK(fault_of(*tokens, sealed(*kind.other, {{"alg", kind.other_algorithm}, {"kid", kind.id}},
                                   body)) == TokenFault::kAlgorithm);
  }
}

TEST_CASE("ExternalTokens: without a subject it is nobody's, but for somebody all the same") {
  Service service;
  const auto tokens = service.with_jwks(service.jwks());
  Json anonymous = claims();
  anonymous["sub"] = "";
  const auto result =
      read(*tokens, sealed(service.ec, {{"alg", "ES256"}, {"kid", "e"}}, anonymous.dump()));
  REQUIRE(std::holds_alternative<TokenClaims>(result));
  CHECK(std::get<TokenClaims>(result).identity.anonymous());
}

TEST_CASE("ExternalTokens: each algorithm that a key can have") {
  Service service;
  const ForeignKey big = ForeignKey::ec("P-384");
  const ForeignKey bigger = ForeignKey::ec("P-521");
  const auto tokens =
      service.with_jwks(R"({"keys":[)" + service.rsa.jwk("PS256", "ps") + ',' +
                        service.rsa.jwk("RS512", "rs") + ',' + service.rsa.jwk("", "plain") + ',' +
                        big.jwk("", "e384") + ',' + bigger.jwk("ES512", "e512") + "]}");
  const auto good = [&](const ForeignKey& key, const char* algorithm, const char* id) {
    return !fault_of(*tokens, sealed(key, {{"alg", algorithm}, {"kid", id}}, claims().dump()));
  };
  CHECK(good(service.rsa, "PS256", "ps"));
  CHECK_FALSE(good(service.rsa, "RS256", "ps"));
  CHECK(good(service.rsa, "RS512", "rs"));
  CHECK(good(service.rsa, "RS256", "plain"));
  CHECK_FALSE(good(service.rsa, "PS256", "plain"));
  CHECK(good(big, "ES384", "e384"));
  CHECK(good(bigger, "ES512", "e512"));
}

TEST_CASE("ExternalTokens: the key of a certificate is known by its thumbprint and by libtrust") {
  Service service;
  const auto tokens =
      service.with_certificates(service.rsa.authority("one").pem + service.ec.authority("two").pem);
  // A set of the same key tells its thumbprint.
  Json jwk = Json::parse(service.ec.jwk("ES256", "x"));
  const string thumbprint = encode_base64url(sha256(
      R"({"crv":"P-256","kty":"EC","x":)" + jwk["x"].dump() + R"(,"y":)" + jwk["y"].dump() + "}"));
  CHECK_FALSE(fault_of(
      *tokens, sealed(service.ec, {{"alg", "ES256"}, {"kid", thumbprint}}, claims().dump())));
  CHECK(fault_of(*tokens, sealed(service.ec, {{"alg", "ES256"}, {"kid", "x"}}, claims().dump())) ==
        TokenFault::kKey);
  // Two keys, and none named: which one is not to be guessed.
  CHECK(fault_of(*tokens, sealed(service.ec, {{"alg", "ES256"}}, claims().dump())) ==
        TokenFault::kKey);
  const auto one = service.with_certificates(service.ec.authority("two").pem);
  CHECK_FALSE(fault_of(*one, sealed(service.ec, {{"alg", "ES256"}}, claims().dump())));
}

TEST_CASE("ExternalTokens: a chain counts when the bundle vouches for it, and then only") {
  Service service;
  constexpr long kFrom = 1'699'000'000;
  constexpr long kTo = 1'701'000'000;
  const ForeignKey root = ForeignKey::ec();
  const ForeignKey signer = ForeignKey::rsa();
  const auto tokens = service.with_certificates(root.authority("root").pem);
  const auto chained = [&](const ForeignKey& key, const std::vector<string>& chain) {
    Json header{{"alg", "RS256"}, {"x5c", Json::array()}};
    for (const string& der : chain)
      header["x5c"].push_back(base64_of(der));
    return sealed(key, header, claims().dump());
  };
  const auto leaf = signer.certificate("signer", root, "root", kFrom, kTo).der;
  CHECK_FALSE(fault_of(*tokens, chained(signer, {leaf})));
  CHECK_FALSE(fault_of(*tokens, chained(signer, {leaf, root.authority("root").der})));

  // Of another, who only says to be the root.
  const ForeignKey mallory = ForeignKey::rsa();
  const auto forged = mallory.certificate("signer", mallory, "root", kFrom, kTo).der;
  CHECK(fault_of(*tokens, chained(mallory, {forged})) == TokenFault::kKey);
  CHECK(fault_of(*tokens, chained(mallory, {forged, mallory.authority("root").der})) ==
        TokenFault::kKey);
  CHECK(fault_of(*tokens, chained(mallory, {mallory.authority("mallory").der})) ==
        TokenFault::kKey);
  // A good chain, and the signature of another; and one whose first is not the signer.
  CHECK(fault_of(*tokens, chained(mallory, {leaf})) == TokenFault::kSignature);
  CHECK(fault_of(*tokens, chained(mallory, {forged, leaf})) == TokenFault::kKey);
  // A signer is no authority.
  const auto below = mallory.certificate("m", signer, "signer", kFrom, kTo).der;
  CHECK(fault_of(*tokens, chained(mallory, {below, leaf})) == TokenFault::kKey);
  // Expired, and not valid yet.
  CHECK(fault_of(*tokens,
                 chained(signer,
                         {signer.certificate("signer", root, "root", kFrom, 1'699'999'999).der})) ==
        TokenFault::kKey);
  CHECK(fault_of(*tokens,
                 chained(signer,
                         {signer.certificate("signer", root, "root", 1'700'000'001, kTo).der})) ==
        TokenFault::kKey);
  // No certificate at all, too many, and none where there is no bundle.
  CHECK(fault_of(*tokens, chained(signer, {"rubbish"})) == TokenFault::kKey);
  CHECK(fault_of(*tokens, chained(signer, std::vector<string>(9, leaf))) == TokenFault::kMalformed);
  service.options.certificates.clear();
  service.options.jwks = (service.directory / "jwks").string();
  CHECK(fault_of(*service.with_jwks(service.jwks()), chained(signer, {leaf})) == TokenFault::kKey);
}

TEST_CASE("ExternalTokens: files that hold no keys are errors that name them") {
  Service service;
  const auto wrong = [&](const string& text) {
    Service::write(service.options.jwks, text);
    const string fault = service.fault();
    CHECK(fault.find(service.options.jwks) != string::npos);
    return fault;
  };
  CHECK(service.fault().find("cannot read") != string::npos);
  const string rsa = service.rsa.jwk("RS256", "r");
  for (const string& text : {string(), string("{}"), string("[]"), string("{\"keys\":{}}"),
                             string("{\"keys\":[1]}"), R"({"keys":[],"keys":[)" + rsa + "]}"}) {
    CHECK(wrong(text).find("no set of keys") != string::npos);
  }
  const auto set_of = [](const string& keys) { return R"({"keys":[)" + keys + "]}"; };
  CHECK(wrong(set_of("")).find("it is empty") != string::npos);
  CHECK(wrong(set_of(rsa + ',' + rsa)).find("key 2 has the kid of another") != string::npos);
  CHECK(wrong(set_of(R"({"kty":"oct","k":"c2VjcmV0","kid":"h"})")).find("neither RSA nor EC") !=
        string::npos);
  CHECK(wrong(set_of(ForeignKey::rsa(1024).jwk("RS256", "r"))).find("fewer than 2048") !=
        string::npos);
  CHECK(wrong(set_of(service.ec.jwk("ES384", "e"))).find("not for ES384") != string::npos);
  CHECK(wrong(set_of(service.ec.jwk("HS256", "e"))).find("not for HS256") != string::npos);
  CHECK(wrong(set_of(R"({"use":"enc",)" + rsa.substr(1))).find("not for signatures") !=
        string::npos);
  CHECK(wrong(set_of(R"({"key_ops":["sign"],)" + rsa.substr(1))).find("not for verifying") !=
        string::npos);
  CHECK(wrong(set_of(R"({"d":"AAAA",)" + rsa.substr(1))).find("secret half") != string::npos);
  CHECK(wrong(set_of(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})")).find("is no key") !=
        string::npos);
  const string zeros(43, 'A');
  CHECK(wrong(set_of(R"({"kty":"EC","crv":"P-256","x":")" + zeros + R"(","y":")" + zeros + "\"}"))
            .find("key 1 ") != string::npos);

  service.options.certificates = (service.directory / "bundle").string();
  Service::write(service.options.jwks, service.jwks());
  const string pem = service.rsa.authority("one").pem;
  for (const string& text : {string(), string("x"), pem.substr(0, pem.size() / 2),
                             pem + pem.substr(0, pem.size() / 2)}) {
    Service::write(service.options.certificates, text);
    CHECK(service.fault().find(service.options.certificates + ": ") != string::npos);
  }
}

TEST_CASE("ExternalTokens: changed files are read again, and a broken one changes nothing") {
  Service service;
  const auto tokens = service.with_jwks(R"({"keys":[)" + service.rsa.jwk("RS256", "r") + "]}");
  const auto replace = [&](const string& text) {
    Service::write(service.options.jwks + ".new", text);
    std::filesystem::rename(service.options.jwks + ".new", service.options.jwks);
    tokens->refresh();
  };
  const string by_rsa = sealed(service.rsa, {{"alg", "RS256"}, {"kid", "r"}}, claims().dump());
  const string by_ec = sealed(service.ec, {{"alg", "ES256"}, {"kid", "e"}}, claims().dump());
  tokens->refresh();
  CHECK(service.told.empty());
  CHECK(fault_of(*tokens, by_ec) == TokenFault::kKey);

  replace("{");
  REQUIRE(service.told.size() == 1);
  CHECK(service.told[0].find("stay as they were: " + service.options.jwks) != string::npos);
  CHECK_FALSE(fault_of(*tokens, by_rsa));
  CHECK(tokens->generation() == 0);
  tokens->refresh();
  CHECK(service.told.size() == 1);

  replace(R"({"keys":[)" + service.ec.jwk("ES256", "e") + "]}");
  CHECK(service.told.size() == 2);
  CHECK(tokens->generation() == 1);
  CHECK_FALSE(fault_of(*tokens, by_ec));
  CHECK(fault_of(*tokens, by_rsa) == TokenFault::kKey);

  std::filesystem::remove(service.options.jwks);
  tokens->refresh();
  CHECK(service.told.size() == 3);
  CHECK_FALSE(fault_of(*tokens, by_ec));
}

/// Knows nobody, so whoever it is asked for, a token fails.
class Nobody final : public Authenticator {
 public:
  Outcome authenticate(const PasswordClaim&) override { return Unknown{}; }
  LookUp identity_of(Identity::Kind, const string&) const override { return Unknown{}; }
  std::uint64_t generation() const override { return 0; }
};

TEST_CASE("TokenService: external tokens need no source of users, and end with their keys") {
  Service service;
  auto external = service.with_jwks(service.jwks());
  const ExternalTokens& watched = *external;
  Nobody source;
  TokenService tokens(source,
                      {std::make_shared<KeyRing>(SigningKey::make()),
                       std::make_unique<Revocations>(), std::move(external)},
                      {});
  const string token = sealed(service.ec, {{"alg", "ES256"}, {"kid", "e"}}, claims().dump());
  const auto verified = tokens.verify(token, kNow);
  REQUIRE(std::holds_alternative<VerifiedTokenPtr>(verified));
  CHECK(std::get<VerifiedTokenPtr>(verified)->origin == TokenOrigin::kExternal);
  CHECK(tokens.recall(token, kNow + 299s));
  CHECK_FALSE(tokens.recall(token, kNow + 300s));
  CHECK(std::get<TokenFault>(tokens.read_refresh(token, kNow)) == TokenFault::kKey);
  CHECK(std::get<IdentityPtr>(tokens.revoke(token, kNow)) == nullptr);
  // Nor does a token of ours count for one whom nobody knows.
  const auto own = tokens.issue({.kind = Identity::Kind::kUser, .name = "alice", .groups = {}}, {},
                                AccessPolicy(), TokenService::Refresh::kNo, kNow);
  CHECK(std::get<TokenFault>(tokens.verify(own.token, kNow)) == TokenFault::kExpired);

  SUBCASE("all of somebody's can be revoked") {
    REQUIRE_FALSE(
        tokens.revoke_all({.kind = Identity::Kind::kUser, .name = "alice", .groups = {}}, kNow));
    CHECK_FALSE(tokens.recall(token, kNow));
    CHECK(std::get<TokenFault>(tokens.verify(token, kNow)) == TokenFault::kRevoked);
    Json ageless = claims();
    ageless.erase("iat");
    CHECK(std::get<TokenFault>(tokens.verify(
              sealed(service.ec, {{"alg", "ES256"}, {"kid", "e"}}, ageless.dump()), kNow)) ==
          TokenFault::kRevoked);
  }
  SUBCASE("a key that is taken away ends what it signed") {
    Service::write(service.options.jwks, R"({"keys":[)" + service.rsa.jwk("RS256", "r") + "]}");
    tokens.refresh(kNow);
    CHECK(watched.generation() == 1);
    CHECK_FALSE(tokens.recall(token, kNow));
    CHECK(std::get<TokenFault>(tokens.verify(token, kNow)) == TokenFault::kKey);
  }
}

}  // namespace
}  // namespace shale::auth
