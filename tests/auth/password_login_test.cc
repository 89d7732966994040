#include "auth/password_login.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

/// Knows alice, counts how often it is asked, and can be made to fail.
class FakeSource final : public Authenticator {
 public:
  Outcome authenticate(const PasswordClaim& claim) override {
    ++asked;
    while (hold && claim.password != "secret")
      std::this_thread::yield();
    if (broken) return SourceFailed{"no connection"};
    if (claim.user != "alice") return Unknown{};
    if (claim.password != "secret") return Rejected{};
    return Accepted{std::make_shared<const Identity>(
        Identity{.kind = Identity::Kind::kUser, .name = "alice", .groups = {}})};
  }
  LookUp identity_of(Identity::Kind kind, const std::string& name) const override {
    if (broken) return SourceFailed{"no connection"};
    if (kind != Identity::Kind::kUser || name != "alice") return Unknown{};
    return std::make_shared<const Identity>(
        Identity{.kind = kind, .name = name, .groups = {}, .stamp = "s"});
  }
  std::uint64_t generation() const override { return version; }

  std::atomic<int> asked = 0;
  std::atomic<bool> hold = false;
  std::atomic<bool> broken = false;
  std::atomic<std::uint64_t> version = 1;
};

const PasswordClaim kRight{"alice", "secret"};
const PasswordClaim kWrong{"alice", "guess"};

template <class Kind, class Verdict>
bool is(const Verdict& verdict) {
  return std::holds_alternative<Kind>(verdict);
}

TEST_CASE("PasswordLogin: a verified password is remembered for a minute, at its address") {
  FakeSource source;
  PasswordLogin login(source);
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kRight, "10.0.0.1", kNow)));
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  CHECK(is<Accepted>(login.recall(kRight, "10.0.0.1", kNow + 59s)));
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kRight, "10.0.0.1", kNow + 60s)));
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kRight, "10.0.0.2", kNow)));
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kWrong, "10.0.0.1", kNow)));
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  CHECK(source.asked == 1);
}

TEST_CASE("PasswordLogin: what was remembered is forgotten when the source changes") {
  FakeSource source;
  PasswordLogin login(source);
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  source.version = 2;
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kRight, "10.0.0.1", kNow)));
}

TEST_CASE("PasswordLogin: a source that fails is neither yes nor no") {
  FakeSource source;
  source.broken = true;
  PasswordLogin login(source);
  for (int i = 0; i < 20; ++i)
    CHECK(is<SourceFailed>(login.verify(kRight, "10.0.0.1", kNow)));
  source.broken = false;
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
}

TEST_CASE("PasswordLogin: guessing is slowed down, for remembered passwords as well") {
  FakeSource source;
  PasswordLogin login(source);
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  for (int i = 0; i < 5; ++i)
    CHECK(is<Rejected>(login.verify(kWrong, "10.0.0.1", kNow)));
  CHECK(is<TooMany>(login.verify(kWrong, "10.0.0.1", kNow)));
  CHECK(is<TooMany>(login.recall(kRight, "10.0.0.1", kNow)));
  CHECK(is<Accepted>(login.recall(kRight, "10.0.0.1", kNow + 2s)));
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.2", kNow)));
}

TEST_CASE("PasswordLogin: the failures of others at an address do not hold up who is known there") {
  FakeSource source;
  PasswordLogin login(source);
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  for (int i = 0; i < 40; ++i)
    login.verify({"user" + std::to_string(i), "guess"}, "10.0.0.1", kNow + 2min);
  CHECK(is<TooMany>(login.verify({"bob", "secret"}, "10.0.0.1", kNow + 2min)));
  CHECK(is<PasswordLogin::NotRemembered>(login.recall(kRight, "10.0.0.1", kNow + 2min)));
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow + 2min)));
}

TEST_CASE(
    "PasswordLogin: guessing at a name elsewhere costs a user who slips where they are known"
    " nothing") {
  FakeSource source;
  PasswordLogin login(source);
  CHECK(is<Accepted>(login.verify(kRight, "192.0.2.1", kNow)));
  CHECK(is<Accepted>(login.verify(kRight, "192.0.2.2", kNow)));
  for (int i = 0; i < 100; ++i)
    login.verify(kWrong, "10.0.0." + std::to_string(i), kNow + 2min);
  CHECK(is<Rejected>(login.verify(kWrong, "192.0.2.9", kNow + 2min)));
  CHECK(is<TooMany>(login.verify(kRight, "192.0.2.9", kNow + 2min)));
  CHECK(is<Rejected>(login.verify(kWrong, "192.0.2.1", kNow + 2min)));
  CHECK(is<Accepted>(login.verify(kRight, "192.0.2.1", kNow + 2min)));
  CHECK(is<Accepted>(login.verify(kRight, "192.0.2.2", kNow + 2min)));
}

TEST_CASE("PasswordLogin: who is known at a noisy address has the known users' turns there") {
  FakeSource source;
  PasswordLogin login(source, {.remembered = {}, .throttle = {}, .gate = {.noisy = {1, 0, 1, 1}}});
  CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow)));
  for (int i = 0; i < 3; ++i)
    login.verify({"user" + std::to_string(i), "guess"}, "10.0.0.1", kNow + 2min);
  source.hold = true;
  const int before = source.asked;
  {
    const std::jthread attacker([&] { login.verify({"eve", "guess"}, "10.0.0.1", kNow + 2min); });
    while (source.asked == before)
      std::this_thread::yield();
    CHECK(is<TooMany>(login.verify({"bob", "secret"}, "10.0.0.1", kNow + 2min)));
    CHECK(is<Accepted>(login.verify(kRight, "10.0.0.1", kNow + 2min)));
    source.hold = false;
  }
}

TEST_CASE("PasswordLogin: names that cannot be are refused without asking anybody") {
  FakeSource source;
  PasswordLogin login(source);
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string("\xff"),
                                  std::string(10'000, 'a'), std::string("a\nb")}) {
    CHECK(is<Rejected>(login.verify({name, "secret"}, "10.0.0.1", kNow)));
  }
  CHECK(source.asked == 0);
}

TEST_CASE("PasswordLogin: ten thousand wrong logins do not hold up a right one") {
  FakeSource source;
  PasswordLogin login(source);
  source.hold = true;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> attackers;
    for (int i = 0; i < 8; ++i) {
      attackers.emplace_back([&] {
        for (int n = 0; n < 1250; ++n) {
          if (is<TooMany>(login.verify({"alice", "guess" + std::to_string(n)}, "10.0.0.1", kNow))) {
            ++refused;
          }
        }
      });
    }
    while (refused < 2000)
      std::this_thread::yield();
    // All that the attackers may occupy is occupied, and stays so: nothing may
    // depend on their end.
    CHECK(is<Rejected>(login.verify({"bob", "secret"}, "192.0.2.2", kNow)));
    CHECK(is<Accepted>(login.verify(kRight, "192.0.2.1", kNow)));
    source.hold = false;
  }
  CHECK(refused > 9000);
  CHECK(source.asked < 100);
}

TEST_CASE("AuthenticatorChain: the first source that knows the name decides") {
  class Other final : public Authenticator {
   public:
    Outcome authenticate(const PasswordClaim& claim) override {
      return Accepted{std::make_shared<const Identity>(
          Identity{.kind = Identity::Kind::kRobot, .name = claim.user, .groups = {}})};
    }
    LookUp identity_of(Identity::Kind kind, const std::string& name) const override {
      return std::make_shared<const Identity>(
          Identity{.kind = kind, .name = name, .groups = {}, .stamp = "other"});
    }
    std::uint64_t generation() const override { return 1; }
  };
  auto first = std::make_unique<FakeSource>();
  FakeSource& source = *first;
  std::vector<std::unique_ptr<Authenticator>> sources;
  sources.push_back(std::move(first));
  sources.push_back(std::make_unique<Other>());
  AuthenticatorChain chain(std::move(sources));

  CHECK(is<Rejected>(chain.authenticate(kWrong)));
  CHECK(is<Accepted>(chain.authenticate(kRight)));
  CHECK(std::get<Accepted>(chain.authenticate({"ci", "x"})).identity->kind ==
        Identity::Kind::kRobot);
  using Kind = Identity::Kind;
  CHECK(std::get<IdentityPtr>(chain.identity_of(Kind::kUser, "alice"))->stamp == "s");
  CHECK(std::get<IdentityPtr>(chain.identity_of(Kind::kRobot, "alice"))->stamp == "other");
  source.broken = true;
  CHECK(is<SourceFailed>(chain.identity_of(Kind::kRobot, "ci")));
  CHECK(is<SourceFailed>(chain.authenticate({"ci", "x"})));
  const auto before = chain.generation();
  source.version = 7;
  CHECK(chain.generation() != before);
}

}  // namespace
}  // namespace shale::auth
