#include "auth/token_service.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "auth/htpasswd_source.h"
#include "tests/auth/hashes.h"
#include "tests/auth/policies.h"
#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

class Stamps final : public Authenticator {
 public:
  Outcome authenticate(const PasswordClaim&) override { return Unknown{}; }
  LookUp identity_of(Identity::Kind kind, const std::string& name) const override {
    if (broken) return SourceFailed{"no connection"};
    if (kind != Identity::Kind::kUser || name != "alice") return Unknown{};
    return std::make_shared<const Identity>(
        Identity{.kind = kind, .name = name, .groups = {}, .stamp = std::to_string(version)});
  }
  std::uint64_t generation() const override { return version; }
  std::atomic<std::uint64_t> version = 1;
  std::atomic<bool> broken = false;
};

struct House {
  Stamps source;
  TokenService tokens{source, SigningKey::make(), {}};
  AccessPolicy policy = compiled({
      allow({"pull", "push"}, {"user:alice"}, {"team-a/**"}),
      allow({"pull"}, {"anonymous", "authenticated"}, {"public/**"}),
  });
  Identity alice{.kind = Identity::Kind::kUser, .name = "alice", .groups = {}, .stamp = "1"};

  std::string scopes(const Identity& who, std::string_view asked) const {
    std::string text;
    const auto issued =
        tokens.issue(who, parse_scopes(asked), policy, TokenService::Refresh::kNo, kNow);
    for (const Grant& grant : issued.access)
      (text += text.empty() ? "" : " ") += format_scope(grant);
    return text;
  }
};

TEST_CASE("Scope: type at the first colon, actions at the last") {
  CHECK(parse_scopes("repository:a/b:pull,push repository(plugin):h:5000/x:*+registry:catalog:*") ==
        std::vector<Grant>{{"repository", "a/b", {"pull", "push"}},
                           {"repository", "h:5000/x", {"*"}},
                           {"registry", "catalog", {"*"}}});
  CHECK(parse_scopes(" x a:b ::: repository::pull repository:a: ").empty());
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "repository:a:pull ";
  CHECK(parse_scopes(many).size() == 32);
}

TEST_CASE("TokenService: gives what was asked for and is allowed, never an error for less") {
  const House house;
  CHECK(house.scopes(house.alice, "repository:team-a/app:pull,push,delete") ==
        "repository:team-a/app:pull,push");
  CHECK(house.scopes(house.alice, "repository:team-a/app:*") == "repository:team-a/app:pull,push");
  CHECK(house.scopes(house.alice, "repository:team-b/app:pull repository:public/x:pull") ==
        "repository:public/x:pull");
  CHECK(house.scopes(Identity{}, "repository:public/x:pull,push registry:catalog:*") ==
        "repository:public/x:pull registry:catalog:*");
  CHECK(house.scopes(Identity{}, "repository:team-a/app:pull").empty());
  CHECK(house.scopes(house.alice, "other:thing:pull").empty());
}

TEST_CASE("TokenService: a token holds until it expires, and is remembered so long") {
  House house;
  const auto issued = house.tokens.issue(house.alice, parse_scopes("repository:team-a/app:pull"),
                                         house.policy, TokenService::Refresh::kNo, kNow);
  CHECK(issued.life == 5min);
  CHECK_FALSE(house.tokens.recall(issued.token, kNow));
  const auto verified = house.tokens.verify(issued.token, kNow);
  REQUIRE(std::holds_alternative<VerifiedTokenPtr>(verified));
  CHECK(*std::get<VerifiedTokenPtr>(verified)->identity == house.alice);
  CHECK(house.tokens.recall(issued.token, kNow + 299s));
  CHECK_FALSE(house.tokens.recall(issued.token, kNow + 300s));
  CHECK(std::get<TokenFault>(house.tokens.verify(issued.token, kNow + 330s)) ==
        TokenFault::kExpired);
  CHECK_FALSE(house.tokens.recall("x", kNow));
}

TEST_CASE("TokenService: with the password, the tokens that were got for it end") {
  House house;
  const auto issued =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  REQUIRE(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(issued.token, kNow)));
  REQUIRE(std::holds_alternative<IdentityPtr>(
      house.tokens.read_refresh(issued.refresh_token, kNow + 24h)));
  house.source.version = 2;
  CHECK_FALSE(house.tokens.recall(issued.token, kNow));
  CHECK(std::holds_alternative<TokenFault>(house.tokens.verify(issued.token, kNow)));
  CHECK(std::holds_alternative<TokenFault>(house.tokens.read_refresh(issued.refresh_token, kNow)));
}

TEST_CASE("TokenService: while the source fails, no token is good or bad, but nobody's are") {
  House house;
  const auto issued =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  const auto nobodys =
      house.tokens.issue(Identity{}, {}, house.policy, TokenService::Refresh::kNo, kNow);
  house.source.broken = true;
  const auto verified = house.tokens.verify(issued.token, kNow);
  REQUIRE(std::holds_alternative<SourceFailed>(verified));
  CHECK(std::get<SourceFailed>(verified).why == "no connection");
  CHECK_FALSE(house.tokens.recall(issued.token, kNow));
  CHECK(
      std::holds_alternative<SourceFailed>(house.tokens.read_refresh(issued.refresh_token, kNow)));
  CHECK(std::get<TokenFault>(house.tokens.verify("x", kNow)) == TokenFault::kMalformed);
  CHECK(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(nobodys.token, kNow)));
  house.source.broken = false;
  CHECK(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(issued.token, kNow)));
  CHECK(std::holds_alternative<IdentityPtr>(house.tokens.read_refresh(issued.refresh_token, kNow)));
}

TEST_CASE("TokenService: an htpasswd file that goes away makes no token bad for good") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "htpasswd";
  const auto write = [&] { std::ofstream(path) << "alice:" << kBcryptY << '\n'; };
  write();
  HtpasswdSource source(path, [](const std::string&) {});
  TokenService tokens{source, SigningKey::make(), {}};
  const auto login = source.authenticate({"alice", "secret"});
  REQUIRE(std::holds_alternative<Accepted>(login));
  const auto issued = tokens.issue(*std::get<Accepted>(login).identity, {}, AccessPolicy(),
                                   TokenService::Refresh::kYes, kNow);
  REQUIRE(std::holds_alternative<VerifiedTokenPtr>(tokens.verify(issued.token, kNow)));
  std::filesystem::remove(path);
  source.refresh();
  CHECK_FALSE(tokens.recall(issued.token, kNow));
  CHECK(std::holds_alternative<SourceFailed>(tokens.verify(issued.token, kNow)));
  CHECK(std::holds_alternative<SourceFailed>(tokens.read_refresh(issued.refresh_token, kNow)));
  write();
  source.refresh();
  CHECK(std::holds_alternative<VerifiedTokenPtr>(tokens.verify(issued.token, kNow)));
  CHECK(std::holds_alternative<IdentityPtr>(tokens.read_refresh(issued.refresh_token, kNow)));
}

TEST_CASE("TokenService: a refresh token is no access token, nor the other way round") {
  House house;
  const auto issued =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  CHECK(std::get<TokenFault>(house.tokens.verify(issued.refresh_token, kNow)) == TokenFault::kUse);
  CHECK(std::get<TokenFault>(house.tokens.read_refresh(issued.token, kNow)) == TokenFault::kUse);
  CHECK(house.tokens.issue(Identity{}, {}, house.policy, TokenService::Refresh::kYes, kNow)
            .refresh_token.empty());
  House other;
  CHECK(std::get<TokenFault>(other.tokens.verify(issued.token, kNow)) == TokenFault::kKey);
}

TEST_CASE("TokenService: a revoked refresh token is dead, and those beside it live") {
  House house;
  const auto one =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  const auto two =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  const auto revoked = house.tokens.revoke(one.refresh_token, kNow);
  REQUIRE(std::holds_alternative<IdentityPtr>(revoked));
  CHECK(std::get<IdentityPtr>(revoked)->name == "alice");
  CHECK(std::get<TokenFault>(house.tokens.read_refresh(one.refresh_token, kNow)) ==
        TokenFault::kRevoked);
  CHECK(std::holds_alternative<IdentityPtr>(house.tokens.read_refresh(two.refresh_token, kNow)));
  CHECK(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(one.token, kNow)));
  for (const std::string& none : {std::string("x"), std::string(), two.refresh_token + "A"}) {
    CHECK(std::get<IdentityPtr>(house.tokens.revoke(none, kNow)) == nullptr);
  }
  CHECK(std::get<IdentityPtr>(house.tokens.revoke(two.refresh_token, kNow + 24h * 31)) == nullptr);
}

TEST_CASE("TokenService: what is revoked is not remembered") {
  House house;
  const auto issued =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow);
  const auto others =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kNo, kNow);
  for (const auto* each : {&issued, &others})
    REQUIRE(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(each->token, kNow)));
  REQUIRE(house.tokens.recall(issued.token, kNow));
  CHECK(std::get<IdentityPtr>(house.tokens.revoke(issued.token, kNow)) != nullptr);
  CHECK_FALSE(house.tokens.recall(issued.token, kNow));
  CHECK(std::get<TokenFault>(house.tokens.verify(issued.token, kNow)) == TokenFault::kRevoked);
  REQUIRE(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(others.token, kNow)));

  REQUIRE_FALSE(house.tokens.revoke_all(house.alice, kNow));
  CHECK_FALSE(house.tokens.recall(others.token, kNow));
  CHECK(std::get<TokenFault>(house.tokens.verify(others.token, kNow)) == TokenFault::kRevoked);
  CHECK(std::get<TokenFault>(house.tokens.read_refresh(issued.refresh_token, kNow)) ==
        TokenFault::kRevoked);
}

TEST_CASE("TokenService: who logs in right after all was revoked has tokens that live") {
  House house;
  REQUIRE_FALSE(house.tokens.revoke_all(house.alice, kNow + 300ms));
  const auto issued =
      house.tokens.issue(house.alice, {}, house.policy, TokenService::Refresh::kYes, kNow + 400ms);
  CHECK(std::holds_alternative<VerifiedTokenPtr>(house.tokens.verify(issued.token, kNow + 401ms)));
  CHECK(std::holds_alternative<IdentityPtr>(
      house.tokens.read_refresh(issued.refresh_token, kNow + 401ms)));
}

}  // namespace
}  // namespace shale::auth
