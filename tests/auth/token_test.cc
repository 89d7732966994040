#include "auth/token.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "auth/base64.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::string;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

/// A format whose key the test has as well.
struct Forge {
  SigningKey key = SigningKey::make();
  TokenFormat format{*SigningKey::from_pem(key.pem()), {}};

  static TokenClaims claims() {
    return {
        .use = TokenUse::kAccess,
        .identity = {.kind = Identity::Kind::kUser, .name = "alice", .groups = {"g"}, .stamp = "s"},
        .access = {{"repository", "team-a/app", {"pull", "push"}}},
        .issued = kNow,
        .expires = kNow + 5min};
  }

  /// Signed with the right key, whatever it says.
  string sealed(const string& header, const string& body) const {
    const string token = encode_base64url(header) + '.' + encode_base64url(body);
    return token + '.' + encode_base64url(key.sign(token));
  }
  Json header() const { return {{"alg", "ES256"}, {"typ", "JWT"}, {"kid", key.id()}}; }
  static Json body() {
    return {{"iss", "shale"},       {"aud", "shale"},       {"sub", "alice"},
            {"kind", "user"},       {"stamp", "s"},         {"use", "access"},
            {"iat", 1'700'000'000}, {"nbf", 1'700'000'000}, {"exp", 1'700'000'300},
            {"jti", "one"}};
  }
  std::optional<TokenFault> fault(const string& token, Time now = kNow) const {
    const auto read = format.read(token, TokenUse::kAccess, now);
    const auto* found = std::get_if<TokenFault>(&read);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  std::optional<TokenFault> fault(const Json& head, const Json& claims) const {
    return fault(sealed(head.dump(), claims.dump()));
  }
};

TEST_CASE("Token: what was written is read") {
  const Forge forge;
  const auto read = forge.format.read(forge.format.write(Forge::claims()), TokenUse::kAccess, kNow);
  REQUIRE(std::holds_alternative<TokenClaims>(read));
  const auto& claims = std::get<TokenClaims>(read);
  CHECK(claims.identity == Forge::claims().identity);
  CHECK(claims.access == Forge::claims().access);
  CHECK(claims.expires == Forge::claims().expires);
  CHECK_FALSE(forge.fault(forge.header(), Forge::body()));
}

TEST_CASE("Token: cut, extended, and with any bit of it changed, it is refused") {
  const Forge forge;
  const string token = forge.format.write(Forge::claims());
  for (std::size_t length = 0; length < token.size(); ++length)
    CHECK(forge.fault(token.substr(0, length)));
  for (const char* more : {".", "A", "=", " ", "\n", ".e30"})
    CHECK(forge.fault(token + more));
  for (std::size_t i = 0; i < token.size(); ++i) {
    string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != token) CHECK(forge.fault(changed));
  }
  CHECK(forge.fault(string(100'000, 'A')) == TokenFault::kMalformed);
}

TEST_CASE("Token: the algorithm is the key's, whatever the token says") {
  const Forge forge;
  for (const char* algorithm : {"none", "None", "", "HS256", "RS256", "ES384", "es256"}) {
    Json header = forge.header();
    header["alg"] = algorithm;
    CHECK(forge.fault(header, Forge::body()) == TokenFault::kAlgorithm);
  }
  Json header = forge.header();
  header.erase("alg");
  CHECK(forge.fault(header, Forge::body()) == TokenFault::kAlgorithm);
  const string unsigned_token =
      encode_base64url(R"({"alg":"none"})") + '.' + encode_base64url(Forge::body().dump()) + '.';
  CHECK(forge.fault(unsigned_token) == TokenFault::kAlgorithm);
}

TEST_CASE("Token: keys and addresses of keys in a token are never followed") {
  const Forge forge;
  const SigningKey other = SigningKey::make();
  Json header = forge.header();
  header["jwk"] = Json::parse(other.jwk());
  header["jku"] = "http://127.0.0.1:1/keys";
  header["x5u"] = "http://127.0.0.1:1/cert";
  header["x5c"] = {"AAAA"};
  const string signed_part =
      encode_base64url(header.dump()) + '.' + encode_base64url(Forge::body().dump());
  CHECK(forge.fault(signed_part + '.' + encode_base64url(other.sign(signed_part))) ==
        TokenFault::kSignature);
  header["kid"] = other.id();
  CHECK(forge.fault(header, Forge::body()) == TokenFault::kKey);
  header = forge.header();
  header["crit"] = {"exp"};
  CHECK(forge.fault(header, Forge::body()) == TokenFault::kMalformed);
}

TEST_CASE("Token: issuer, audience, times and use are checked") {
  const Forge forge;
  const auto with = [&](const char* name, const Json& value) {
    Json body = Forge::body();
    body[name] = value;
    return forge.fault(forge.header(), body);
  };
  CHECK(with("iss", "other") == TokenFault::kIssuer);
  CHECK(with("aud", "other") == TokenFault::kAudience);
  CHECK(with("aud", {"other", "shale"}) == TokenFault::kAudience);
  CHECK_FALSE(with("aud", Json::array({"shale"})));
  CHECK(with("exp", 1'699'999'970) == TokenFault::kExpired);
  CHECK_FALSE(with("exp", 1'699'999'971));
  CHECK(with("nbf", 1'700'000'031) == TokenFault::kNotYet);
  CHECK_FALSE(with("nbf", 1'700'000'030));
  CHECK(with("use", "refresh") == TokenFault::kUse);
  for (const Json& wrong : {Json("soon"), Json(-1), Json(1e300), Json(nullptr), Json(true),
                            Json(9'000'000'000'000'000'000)}) {
    CHECK(with("exp", wrong) == TokenFault::kMalformed);
    CHECK(with("nbf", wrong) == TokenFault::kMalformed);
  }
  CHECK(with("access", "all") == TokenFault::kMalformed);
  CHECK(with("access", Json::array({1})) == TokenFault::kMalformed);
  CHECK(with("kind", "admin") == TokenFault::kMalformed);
  CHECK(with("sub", "") == TokenFault::kMalformed);
  CHECK(with("kind", "anonymous") == TokenFault::kMalformed);
  for (const char* name : {"iss", "aud", "exp", "nbf", "iat", "sub", "use", "kind", "jti"}) {
    Json body = Forge::body();
    body.erase(name);
    CHECK(forge.fault(forge.header(), body));
  }
}

TEST_CASE("Token: a claim that is there twice makes it malformed") {
  const Forge forge;
  const string body = Forge::body().dump();
  const string twice = R"({"sub":"mallory",)" + body.substr(1);
  CHECK(forge.fault(forge.sealed(forge.header().dump(), twice)) == TokenFault::kMalformed);
  const string header = R"({"alg":"none",)" + forge.header().dump().substr(1);
  CHECK(forge.fault(forge.sealed(header, body)) == TokenFault::kMalformed);
  const string nested =
      R"({"access":[{"type":"a","type":"b","name":"n","actions":[]}],)" + body.substr(1);
  CHECK(forge.fault(forge.sealed(forge.header().dump(), nested)) == TokenFault::kMalformed);
  CHECK(forge.fault(forge.sealed(forge.header().dump(), "[]")) == TokenFault::kMalformed);
  CHECK(forge.fault(forge.sealed("null", body)) == TokenFault::kMalformed);
}

TEST_CASE("SigningKey: its text gives the same key, and its public half no secret") {
  const Forge forge;
  CHECK(SigningKey::make().id() != forge.key.id());
  const Json jwks = Json::parse(forge.format.keys().jwks());
  REQUIRE(jwks["keys"].size() == 1);
  CHECK(jwks["keys"][0]["kid"] == forge.key.id());
  CHECK_FALSE(jwks["keys"][0].contains("d"));
  CHECK_FALSE(SigningKey::from_pem("no key"));
  CHECK_FALSE(SigningKey::from_pem(""));
}

}  // namespace
}  // namespace shale::auth
